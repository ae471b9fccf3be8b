select dismiss_job(%(job_id)s::uuid);
