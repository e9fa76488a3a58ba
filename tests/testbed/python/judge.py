# Licensed to the Apache Software Foundation (ASF) under the Apache License,
# Version 2.0; see the files LICENSE and NOTICE at the top of this repository.
"""Signs and judges attestations with the index's own tools, as JSON on standard
input says: which trust configuration, what to sign, what to judge.

pypi-attestations has no setting for another Sigstore than the public ones, so
its verifier is given here; nothing else of it is replaced.
"""

import json
import sys
from pathlib import Path

from pypi_attestations import Attestation, Distribution, GitHubPublisher
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier

asked = json.load(sys.stdin)
config = ClientTrustConfig.from_json(Path(asked["trust"]).read_text())
Verifier.production = classmethod(
    lambda cls, *, offline=False: cls(trusted_root=config.trusted_root)
)


def judge(attestation, file, repository, workflow):
    """None for an attestation that holds, else why it does not."""
    try:
        parsed = Attestation.model_validate(attestation)
        publisher = GitHubPublisher(repository=repository, workflow=workflow)
        parsed.verify(publisher, Distribution.from_file(Path(file)))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def sign(files, token):
    """An attestation for each file, by one certificate."""
    if not files:
        return []
    context = SigningContext.from_trust_config(config)
    with context.signer(IdentityToken(token), cache=True) as signer:
        made = [Attestation.sign(signer, Distribution.from_file(Path(file))) for file in files]
    return [json.loads(attestation.model_dump_json()) for attestation in made]


json.dump(
    {
        "signed": sign(asked["sign"], asked["token"]),
        "verdicts": [judge(**each) for each in asked["judge"]],
    },
    sys.stdout,
)
