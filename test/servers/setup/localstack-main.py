"""Runs LocalStack with its objects in a folder of its own.

LocalStack keeps them under one fixed path for every instance on a machine, so two of them would
delete each other's buckets.
"""

import os
import runpy

from localstack.services.s3 import provider

provider.DEFAULT_S3_TMP_DIR = os.environ["STOWAGE_S3_FOLDER"]
runpy.run_module("localstack.runtime.main", run_name="__main__")
