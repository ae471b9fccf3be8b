"""Days of a large mall's visitors, straight as stored paths: no video, no detections, but as many people as wanted.

For filling the store at full scale with people whose every answer is known (`truth`).
"""
