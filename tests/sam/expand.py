"""Expands SAM templates with the reference translator (PyPI package aws-sam-translator).

Reads one JSON object from standard input, templates by name (in JSON, intrinsic functions in their long form), and
prints one JSON object: for each template its expansion, or the translator's error. Needs no network and no credentials.
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator


def expand(template):
    session = boto3.session.Session(region_name="us-east-1")
    # Names of AWS managed policies come from the map that the package brings along.
    translator = Translator({}, Parser(), boto_session=session)
    try:
        return {"template": translator.translate(template, {})}
    except InvalidDocumentException as error:
        return {"error": "; ".join(cause.message for cause in error.causes)}
    except Exception as error:  # the translator has faults of its own
        return {"error": repr(error)}


print(json.dumps({name: expand(template) for name, template in json.load(sys.stdin).items()}))
