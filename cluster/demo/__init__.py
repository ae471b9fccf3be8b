"""The demonstration: a simulated mall from video to answered questions, and how right the answers were."""
