"""Files in a bucket that speaks S3, through django-storages.

`storage.py` is what Django uses; `reading.py` and `writing.py` are how bytes travel, never through
a temporary file; `errors.py` turns the service's errors into words of ours.
"""
