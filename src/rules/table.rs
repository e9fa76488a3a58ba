// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The table of rules itself: one row a rule, in the order of docs/rules.md.
//!
//! A row is `Variant "id" severity exit waivable "meaning" => "action";`. The
//! ids are stable: they are never renamed and never used again.

use super::{Exit, Severity};

macro_rules! rules {
    ($( $variant:ident $id:literal $severity:ident $exit:ident $waivable:literal
        $meaning:literal => $action:literal; )+) => {
        /// A rule that a release or a run can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule { $( #[doc = $meaning] $variant, )+ }

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable id, also the anchor in the documentation.
            pub const fn id(self) -> &'static str {
                match self { $( Self::$variant => $id, )+ }
            }
            /// How the rule weighs when it is broken and not waived.
            pub const fn severity(self) -> Severity {
                match self { $( Self::$variant => Severity::$severity, )+ }
            }
            /// The exit status that a refusal by this rule brings.
            pub const fn exit(self) -> Exit {
                match self { $( Self::$variant => Exit::$exit, )+ }
            }
            /// Whether `waive` may name it.
            pub const fn waivable(self) -> bool {
                match self { $( Self::$variant => $waivable, )+ }
            }
            /// What the rule says, one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $meaning, )+ }
            }
            /// What to do when it is broken, one sentence or two.
            pub const fn action(self) -> &'static str {
                match self { $( Self::$variant => $action, )+ }
            }
        }
    };
}

rules! {
    // Inputs.
    InputIllegal "input-illegal" Refuse Inputs false
        "An input has a value that is not legal."
        => "Correct the input; the table of inputs in the README says what is legal.";
    InputUnknown "input-unknown" Refuse Inputs false
        "An input is not one that this action knows."
        => "Remove it, or use the suggested name.";
    InputEmpty "input-empty" Refuse Inputs false
        "An input is present but empty: a mistyped expression must never switch a check off."
        => "Leave the input out, or give the word that the table of inputs names.";
    ConfigUnreadable "config-unreadable" Refuse Inputs false
        "The configuration file cannot be read from the checkout."
        => "Check `config`: a path of a file inside the checkout, without links on the way. A job must check out the repository before this step.";
    ConfigIllegal "config-illegal" Refuse Inputs false
        "The configuration file holds what is not legal there."
        => "Correct that line; docs/config.schema.json says what is legal.";
    IdTokenMissing "id-token-missing" Refuse Inputs false
        "The job may not ask GitHub for an identity token."
        => "Give the job `permissions: id-token: write`. A pull request from a fork never has it.";
    AreaUnknown "area-unknown" Refuse Inputs false
        "The source cannot say whether it is the release or the dev area."
        => "Give the input `area` as `release` or `dev`.";
    AreaContradicted "area-contradicted" Refuse Inputs false
        "The input `area` says other than the source itself."
        => "Leave `area` out: the source says it.";
    KeysFromDev "keys-from-dev" Refuse Inputs false
        "KEYS was named in the dev area, where every committer can write."
        => "Name the project's KEYS in the release area.";

    // The source.
    SourceNotFound "source-not-found" Refuse Verdict false
        "The source is not there."
        => "Check the address, and the revision where one is named.";
    SourceArchived "source-archived" Warn Verdict false
        "The source has left the release area; the archive's copy was read in its place."
        => "Make sure that the project still wants this release: superseded and withdrawn releases lie in the archive alike. Naming the archive as `source` settles it.";
    RevisionUnknown "revision-unknown" Note Verdict false
        "The source has no revisions: nobody can read again what it held at this moment."
        => "Nothing, or name the release on dist.apache.org, whose revisions stay.";
    SourceRefused "source-refused" Refuse Verdict false
        "The source refused the request, redirected it, or is neither a Subversion directory nor an index page."
        => "Check the address in a browser. A 403 from an ASF host may be a ban of the runner's address: see https://infra.apache.org/abc.";
    SourceUnreachable "source-unreachable" Refuse Outside false
        "The source did not answer, or answered with a server error, after several tries."
        => "Run the job again; nothing was published.";
    SourceBytes "source-bytes" Refuse Verdict false
        "The source sent other bytes than its own listing names."
        => "Do not publish. Something between the repository and this machine changes files.";
    SourceChanged "source-changed" Refuse Verdict false
        "The source is no longer what was verified."
        => "Find out who changed the release and why, then run the job again.";
    SourceSpecial "source-special" Refuse Verdict false
        "A path is a link or an external: it points elsewhere."
        => "Put the real file there.";
    LimitExceeded "limit-exceeded" Refuse Verdict false
        "The source holds more than the limits allow."
        => "Check that the source is the release's own directory, or raise the limit.";
    DiskFull "disk-full" Refuse Outside false
        "The private copy does not fit on this machine's disk."
        => "Free some space, or use a larger runner, and run the job again.";
    ShardEmpty "shard-empty" Note Verdict false
        "The release has fewer projects than there are shards, and this one has none."
        => "Nothing. The output `matrix` of `verify` starts no shard in vain.";
    ShardWithoutSha512 "shard-without-sha512" Refuse Verdict false
        "A distribution has no `.sha512`, so that no other shard can tell the release digest without its bytes."
        => "Publish the release without `shard`, in one job. The next time, lay a `.sha512` beside every file.";
    NothingToPublish "nothing-to-publish" Refuse Verdict false
        "No distribution was found."
        => "Check `source`, `include` and `exclude`.";

    // KEYS.
    KeysNotFound "keys-not-found" Refuse Verdict false
        "KEYS is not there."
        => "Check the address; the project's KEYS lies in its release area.";
    KeysUnreachable "keys-unreachable" Refuse Outside false
        "KEYS could not be read."
        => "Run the job again; nothing was published.";
    KeysUnusable "keys-unusable" Refuse Verdict false
        "KEYS holds no usable key."
        => "Check that the address gives the file itself and not a web page.";
    KeysPrivate "keys-private" Refuse Verdict false
        "KEYS holds a private key."
        => "Treat that key as stolen: revoke it, remove it, and tell security@apache.org.";
    KeysBadBlock "keys-bad-block" Warn Verdict false
        "A block of KEYS could not be read; its keys do not count."
        => "Export that key again and replace the block.";
    KeysOld "keys-old" Note Verdict false
        "KEYS holds keys of PGP 2 (version 2 or 3); they do not count."
        => "Nothing: old keys stay in KEYS for old releases.";
    SignerNotInKeys "signer-not-in-keys" Refuse Verdict false
        "A fingerprint in `signers` is not in KEYS."
        => "Check the fingerprint, or add the key to the project's KEYS.";

    // The closed world.
    PathUnknown "path-unknown" Refuse Verdict true
        "A path is of no known class."
        => "Remove it from the release, exclude it, or waive it with a reason.";
    NameUnsafe "name-unsafe" Refuse Verdict false
        "A name holds characters that no release artifact has."
        => "Rename the file, or exclude it.";
    SidecarOrphan "sidecar-orphan" Refuse Verdict true
        "A signature or checksum has no file beside it, or a list of digests names one that is not there."
        => "Add the file, or remove the sidecar.";
    WeakSidecar "weak-sidecar" Warn Verdict false
        "A checksum or signature of a kind that the ASF no longer allows; it does not count."
        => "Remove it; use `.sha512` and `.asc`.";
    AttestationUnchecked "attestation-unchecked" Refuse Verdict true
        "An attestation comes with the release, and it is none that can be verified and passed on to an index."
        => "Remove it or exclude it; waived, it is listed and neither counted nor passed on.";
    BasenameTwice "basename-twice" Refuse Verdict false
        "Two folders hold a distribution of the same name; an index has no folders."
        => "Remove one of them.";
    SecondSdist "second-sdist" Refuse Verdict false
        "A project has two sdists of one version, spelt in two ways; an index takes one."
        => "Remove one of them.";
    BytesTwice "bytes-twice" Refuse Verdict false
        "Two distributions have the same bytes under two names; an index takes them under one."
        => "Find out which of the two names is wrong, and build that file again.";
    GlobUnused "glob-unused" Warn Verdict false
        "A glob or a waiver matches nothing."
        => "Correct it or remove it.";

    // Checksums and signatures.
    ChecksumMissing "checksum-missing" Refuse Verdict false
        "A file has neither `.sha512` nor `.sha256`."
        => "Add `sha512sum FILE > FILE.sha512` to the release.";
    ChecksumUnreadable "checksum-unreadable" Refuse Verdict false
        "A checksum file has no form that is known, or names another file."
        => "Make it again with `sha512sum FILE > FILE.sha512`.";
    ChecksumMismatch "checksum-mismatch" Refuse Verdict false
        "The file is not the one that the checksum was made of."
        => "Do not publish. Find out which of the two is wrong.";
    SignatureMissing "signature-missing" Refuse Verdict false
        "A file has no `.asc`."
        => "Add `gpg --armor --detach-sign FILE` to the release.";
    SignatureUnreadable "signature-unreadable" Refuse Verdict false
        "The `.asc` holds no detached OpenPGP signature."
        => "Make it again with `gpg --armor --detach-sign FILE`.";
    SignatureBad "signature-bad" Refuse Verdict false
        "The signature does not belong to these bytes."
        => "Do not publish. The file or the signature was changed after signing.";
    SignatureWeak "signature-weak" Refuse Verdict false
        "The signature is of a kind that does not count: its digest, its type or its time."
        => "Sign again: a binary document signature with SHA-512.";
    SignerUnknown "signer-unknown" Refuse Verdict false
        "No key of KEYS made the signature."
        => "Add the signer's key to the project's KEYS, if the signer is who you expect.";
    SignerNotAllowed "signer-not-allowed" Refuse Verdict false
        "The signer is in KEYS but not in `signers`."
        => "Find out who signed, and correct the release or the input.";
    KeyRevoked "key-revoked" Refuse Verdict false
        "The key that signed is revoked: before it signed, or for a reason that undoes all it signed."
        => "Sign again with a valid key.";
    KeyExpired "key-expired" Refuse Verdict false
        "The key had expired when it signed."
        => "Extend the key, update KEYS, or sign again.";
    KeyExpiredSince "key-expired-since" Warn Verdict false
        "The key was valid when it signed and has expired since."
        => "Nothing for this release; extend the key and update KEYS for the next.";
    KeyRevokedSince "key-revoked-since" Warn Verdict false
        "The key was good when it signed and was withdrawn since, as superseded or no longer used."
        => "Check that the signature was committed before that; sign the next release with the new key.";
    KeyUnusable "key-unusable" Refuse Verdict false
        "The key may not sign releases: too weak, of a kind that the ASF forbids, or not bound as a signing key."
        => "Sign with an RSA key of 4096 bits that is in KEYS.";
    UnsupportedKey "unsupported-key" Refuse Verdict false
        "The key is of a kind that this program cannot check, or not reliably: a Brainpool curve, secp256k1, RSA beyond 8192 bits."
        => "Sign with an RSA key of 4096 bits that is in KEYS.";
    KeyKind "key-kind" Note Verdict false
        "The ASF asks for RSA keys; this one is of another kind that holds."
        => "Nothing for this release.";
    SignatureOfStranger "signature-of-stranger" Note Verdict false
        "A further signature is by a key that is not in KEYS; it does not count."
        => "Nothing, if the signer is a voter.";

    // Names and contents.
    FilenameIllegal "filename-illegal" Refuse Verdict false
        "The file name is not one that an index takes."
        => "Build it with a current back end; the index takes PEP 427 wheels and PEP 625 sdists.";
    FilenameTooLong "filename-too-long" Refuse Verdict false
        "The file name is longer than the index can store."
        => "Give the project or the build a shorter name.";
    VersionLocal "version-local" Refuse Verdict false
        "The version has a local part (`+…`), which no public index takes."
        => "Build it with a version without a local part.";
    PlatformTagUnknown "platform-tag-unknown" Refuse Verdict false
        "The wheel's name has a platform tag that the index does not take."
        => "Tag it for manylinux or musllinux with auditwheel, or for a macOS or Windows tag of the index's list.";
    FileTooLarge "file-too-large" Refuse Verdict false
        "The file is larger than the index takes from any project: 1 GiB."
        => "Split the distribution, or keep what is large out of it.";
    FileLarge "file-large" Warn Verdict false
        "The file is larger than 100 MiB, which the index takes only from a project whose limit was raised."
        => "Look at the project's limit in its settings on the index, and ask for a higher one before the release.";
    ArchiveUnreadable "archive-unreadable" Refuse Verdict false
        "The archive cannot be read: it is of another kind, cut off or damaged."
        => "Build it again.";
    ArchivePolyglot "archive-polyglot" Refuse Verdict false
        "The file is a zip archive and a tar archive at once: two readers would see two contents."
        => "Do not publish. Build it again.";
    ArchiveTooLarge "archive-too-large" Refuse Verdict false
        "The archive unpacks to more than this action reads, in bytes or in members."
        => "Check what it holds; a release this large needs another way.";
    CompressionRatio "compression-ratio" Refuse Verdict false
        "The archive unpacks to more than 64 MiB and to more than fifty times its own size, as a bomb does."
        => "Keep large generated files out of it, or keep them compressed inside.";
    ArchivePathUnsafe "archive-path-unsafe" Refuse Verdict false
        "A member of the archive would be unpacked outside of its folder, is a link that leads out of it, or a device."
        => "Do not publish. Build it again with a current back end.";
    ZipFraming "zip-framing" Refuse Verdict false
        "The parts of the wheel do not follow one another as the index demands of a zip archive."
        => "Build it again with a current back end, and change nothing in it afterwards.";
    ZipDataDescriptor "zip-data-descriptor" Refuse Verdict false
        "The wheel has data descriptors, as a zip archive has that was written to a pipe."
        => "Write the archive to a file that can be sought in.";
    ZipCompression "zip-compression" Refuse Verdict false
        "A member of the wheel is encrypted, or compressed other than by deflate."
        => "Pack it again with deflate.";
    ZipMemberMismatch "zip-member-mismatch" Refuse Verdict false
        "A member's own header and the central directory of the wheel differ."
        => "Do not publish. Build it again.";
    ZipNameIllegal "zip-name-illegal" Refuse Verdict false
        "A member's name is no printable UTF-8."
        => "Rename the file, or pack it with a tool that writes names in UTF-8.";
    ZipDuplicateName "zip-duplicate-name" Refuse Verdict false
        "A name stands twice in the wheel."
        => "Do not publish. Build it again: readers differ on which of the two counts.";
    TarSparse "tar-sparse" Refuse Verdict false
        "The sdist has a sparse member."
        => "Pack it again without `--sparse`.";
    TarAmbiguous "tar-ambiguous" Refuse Verdict false
        "Two readers could take the sdist in two ways."
        => "Do not publish. Build it again with a current back end.";
    TopLevelNotOne "top-level-not-one" Refuse Verdict false
        "The sdist has not just one folder at its top."
        => "Build it again: all of an sdist lies in `{name}-{version}/`.";
    PkgInfoMissing "pkg-info-missing" Refuse Verdict false
        "The sdist has no PKG-INFO in its top folder."
        => "Build it with `python -m build --sdist`; a plain source archive is no sdist.";
    WheelFileMissing "wheel-file-missing" Refuse Verdict false
        "The wheel has no WHEEL in the `.dist-info` folder that its name says."
        => "Build it again, and do not rename it.";
    MetadataMissing "metadata-missing" Refuse Verdict false
        "The wheel has no METADATA in the `.dist-info` folder that its name says."
        => "Build it again, and do not rename it.";
    RecordMissing "record-missing" Refuse Verdict false
        "The wheel has no RECORD in the `.dist-info` folder that its name says, or one that cannot be read."
        => "Build it again, and do not rename it.";
    RecordWrong "record-wrong" Refuse Verdict false
        "RECORD does not tell what the wheel holds."
        => "Do not publish. Build it again, or let the tool that changed the wheel write RECORD anew.";
    EntryPointsIllegal "entry-points-illegal" Refuse Verdict false
        "The wheel's `entry_points.txt` is malformed, or a script has a name that is none."
        => "Correct the entry points in the project's configuration and build it again.";
    ContentEncrypted "content-encrypted" Refuse Verdict false
        "A Python file is encrypted by a tool whose output the index does not take."
        => "Build it from the source.";
    LicenseFileMissing "license-file-missing" Refuse Verdict false
        "The metadata name a license file that the archive does not hold where the index looks for it."
        => "Let the build include the file, for maturin by `include`, or take it out of `license-files`.";
    MetadataUnreadable "metadata-unreadable" Refuse Verdict false
        "METADATA or PKG-INFO cannot be read in one way only, or lacks a field that must be there."
        => "Build it again with a current back end.";
    MetadataVersionUnknown "metadata-version-unknown" Refuse Verdict false
        "The metadata are of a version that the index does not take; it takes 1.0 to 1.2 and 2.1 to 2.5."
        => "Build it with another version of the back end.";
    SummaryIllegal "summary-illegal" Refuse Verdict false
        "The summary has several lines or more than 512 characters."
        => "Shorten `description` in the project's configuration.";
    DescriptionContentType "description-content-type" Refuse Verdict false
        "The description is of a type that the index does not render."
        => "Use text/markdown, text/x-rst or text/plain, in UTF-8.";
    ClassifierIllegal "classifier-illegal" Refuse Verdict false
        "A classifier is none: it has no `Group :: Name` form, is private, or was withdrawn."
        => "Correct the classifiers; the index's own list says which there are.";
    ClassifierUnknown "classifier-unknown" Warn Verdict false
        "A classifier is not in the index's list as this version of the action knows it."
        => "Look for a misspelling; the index refuses a classifier that its list does not have.";
    RequirementIllegal "requirement-illegal" Refuse Verdict false
        "A requirement, an extra or `Requires-Python` cannot be read."
        => "Correct it in the project's configuration; the message names it.";
    RequirementDirect "requirement-direct" Refuse Verdict false
        "A requirement names an address (`name @ …`), which the index takes from nobody."
        => "Require a released version.";
    UrlIllegal "url-illegal" Refuse Verdict false
        "An address of the project is none of http or https, or its label is empty, too long or there twice."
        => "Correct the project's URLs; a label has at most 32 characters.";
    EmailIllegal "email-illegal" Refuse Verdict false
        "The address of the author or maintainer is no e-mail address."
        => "Correct it, or leave it out.";
    LicenseExpressionIllegal "license-expression-illegal" Refuse Verdict false
        "`License-Expression` is no SPDX expression, or stands beside `License`."
        => "Give `license = \"Apache-2.0\"` and nothing else that names the license.";
    MetadataFieldIllegal "metadata-field-illegal" Refuse Verdict false
        "Another field of the metadata has a value that the index refuses."
        => "Correct it in the project's configuration; the message names it.";
    MetadataFieldDoubtful "metadata-field-doubtful" Warn Verdict false
        "A field of the metadata has a value that the index may refuse."
        => "Compare it with the core metadata specification; a test index tells for certain.";
    MetadataFieldLeftOut "metadata-field-left-out" Note Verdict false
        "A field is newer than the metadata version that names it, or unknown: it stays in the file, and the index is not told of it."
        => "Nothing for this release; a current back end writes the version that fits.";
    MetadataMismatch "metadata-mismatch" Refuse Verdict false
        "Name or version inside differ from the file name."
        => "Do not publish. Build it again.";
    ProjectNotAllowed "project-not-allowed" Refuse Verdict false
        "The distribution's project is not in `projects`."
        => "Add it to `projects`, or exclude the file.";
    VersionNotExpected "version-not-expected" Refuse Verdict false
        "The distribution's version is not the one in `version`."
        => "Check `source` and `version`, or exclude the file.";
    SetIncomplete "set-incomplete" Refuse Verdict false
        "The release lacks a distribution that `require` names."
        => "Add the missing file to the release, or correct `require`.";
    FinalFromDev "final-from-dev" Refuse Verdict false
        "A final version from the dev area would burn that version before the vote."
        => "Publish it from the release area after the vote, or send it to `testpypi`.";
    CandidateFromRelease "candidate-from-release" Refuse Verdict true
        "A release candidate or development version lies in the release area."
        => "Check `source`; waive it if the project really voted on it.";
    DigestMismatch "digest-mismatch" Refuse Verdict false
        "The release is not the one that `expected-digest` names."
        => "Do not publish. Compare with the digest in the vote.";

    // The approval. `approval: recorded` makes warnings of these refusals.
    EnvironmentMissing "environment-missing" Refuse Verdict false
        "The job runs in no GitHub environment, so that nobody had to approve it."
        => "Give the job an environment with required reviewers, and name it in the trusted publisher on the index.";
    ReviewersMissing "reviewers-missing" Refuse Verdict false
        "The job's environment asks nobody for a review."
        => "Add required reviewers: in `.asf.yaml`, or under Settings > Environments of the repository; then start a new run.";
    SelfReviewAllowed "self-review-allowed" Refuse Verdict false
        "The job's environment lets the one who started a run approve it alone."
        => "Set `prevent_self_review: true` for the environment in `.asf.yaml`, or tick it under Settings > Environments; then start a new run.";
    RefUnprotected "ref-unprotected" Refuse Verdict false
        "The job's environment is for protected branches, and the run is on another branch or tag."
        => "Start the workflow on a protected branch, or protect this one.";
    ApprovalMissing "approval-missing" Refuse Verdict false
        "Nobody who counts has approved this run for the job's environment."
        => "Start a new run, and have another person approve it on the page of the run. A bot is no person, and a protection that an administrator bypassed is no approval.";
    ApprovalOfStarter "approval-of-starter" Refuse Verdict false
        "The run was approved only by somebody who had started it."
        => "Start a new run, and have another person approve it on the page of the run.";
    ApprovalOfStranger "approval-of-stranger" Refuse Verdict false
        "The run was approved only by somebody who is not among the reviewers of the job's environment."
        => "Start a new run, and have one of the environment's reviewers approve it. If the reviewers were changed after the approval, find out who did that first.";
    ApprovalUnreadable "approval-unreadable" Refuse Verdict false
        "GitHub did not let this job read whether the run was approved, or answered with something of another run."
        => "Give the job `permissions: actions: read` (and `contents: read` where it checks out), and leave `github-token` out, so that it is the job's own.";
    ApprovalUnreachable "approval-unreachable" Refuse Outside false
        "GitHub's API did not answer whether the run was approved."
        => "Run the job again; the approval is kept.";
    ApprovalEarlier "approval-earlier" Warn Verdict false
        "The run was attempted before, and GitHub does not say which attempt an approval was for."
        => "Compare the digest with the one that was approved; `expected-digest` from the job that verified holds both to one release.";
    ApprovalOff "approval-off" Warn Verdict false
        "The release goes to PyPI, and nobody asks whether the run was approved."
        => "Leave `approval` out.";
    ApprovalRejected "approval-rejected" Warn Verdict false
        "A reviewer rejected this run for the job's environment."
        => "Read why before you go on; where the reviewer was right, start a new run.";
    RefAny "ref-any" Warn Verdict false
        "The job's environment admits every branch and tag, so that whoever may push a branch can ask for a review of a workflow of their own."
        => "Let the environment admit protected branches only: `deployment_branch_policy: {protected_branches: true}` in `.asf.yaml`, or under Settings > Environments.";
    AdminsMayBypass "admins-may-bypass" Note Verdict false
        "Administrators of the repository may start a job without the review that its environment asks for; a first attempt that began so has no approval."
        => "Untick `Allow administrators to bypass configured protection rules` under Settings > Environments, if nobody needs it.";
    ActionUnpinned "action-unpinned" Warn Verdict false
        "The workflow names this action by a branch or a tag, which can be moved to other code."
        => "Name it by the full hash of a commit, with the version in a comment: `uses: apache/asf-pypi-publish@<40 hex digits> # v1.2.3`.";

    // The set-up, which `doctor` looks at before the day of a release.
    WorkflowMissing "workflow-missing" Refuse Verdict false
        "No workflow of the checkout publishes by this action."
        => "Copy one of the examples to `.github/workflows`, and change its source, projects and the commit of the action.";
    WorkflowUnreadable "workflow-unreadable" Refuse Verdict false
        "A workflow file cannot be read."
        => "Correct the file; GitHub would not run it either, or nobody could review it.";
    WorkflowInput "workflow-input" Refuse Verdict false
        "A workflow gives this action what it would refuse."
        => "Correct the input; the table of inputs in the README says what is legal.";
    WorkflowSecret "workflow-secret" Refuse Verdict false
        "A workflow gives this action a secret that it has no use for."
        => "Remove it: Trusted Publishing needs no secret, and the job's own token is the default of `github-token`.";
    WorkflowTrigger "workflow-trigger" Refuse Verdict false
        "A publishing workflow is started by an event that nobody who is named decides on."
        => "Start it by `workflow_dispatch`, so that a person names the release and its digest.";
    WorkflowReusable "workflow-reusable" Refuse Verdict false
        "The publishing job is in a reusable workflow, which no index takes as a trusted publisher."
        => "Write the publishing job into a workflow file of the project's own repository that is started itself.";
    WorkflowRunner "workflow-runner" Refuse Verdict false
        "The job runs where this action does not, or on a machine that outlives the job."
        => "Use `runs-on: ubuntu-latest`: container actions run on Linux alone, and what publishes should run where no other job left anything.";
    WorkflowOutcome "workflow-outcome" Warn Verdict false
        "A job goes on after a failure, or shows success in spite of one."
        => "Remove the `continue-on-error`, or the condition that holds after a failure.";
    WorkflowVariable "workflow-variable" Warn Verdict false
        "A variable of the publishing job, or of the job whose page decides, changes whom it speaks to, or what code it loads."
        => "Remove it from the workflow's `env:`.";
    EnvironmentShared "environment-shared" Warn Verdict false
        "Another job runs in the environment of the publishing job: an approval of the one is an approval of the other, and what the index permits the one it permits the other."
        => "Give the other job an environment of its own, or none.";
    ShardsUnchecked "shards-unchecked" Warn Verdict false
        "Nothing shows that the shards together are the release, or one of them ends the others."
        => "Take the matrix from the job that verified, with `fail-fast: false`, and let a last job with `mode: check` look at the whole.";
    SourceElsewhere "source-elsewhere" Warn Verdict false
        "The source lies in the directory of a project whose name is not in the repository's."
        => "Put your own project's directory and projects in the place of the example's.";
    JobNotAlone "job-not-alone" Warn Verdict false
        "Other code runs in the publishing job, and could ask for the same tokens, or in the job whose page decides, and could change what it shows."
        => "Move it to a job of its own, without `id-token`; what it made can be read before or after.";
    WorkflowConcurrency "workflow-concurrency" Warn Verdict false
        "Two publishing runs may be under way at a time, or one may end another half-way."
        => "Give the workflow `concurrency:` with a `group` and `cancel-in-progress: false`.";
    PermissionMissing "permission-missing" Refuse Verdict false
        "A job lacks a permission that it will need."
        => "Add it to the job's own `permissions`.";
    PermissionExcess "permission-excess" Warn Verdict false
        "A job has more permissions than it needs."
        => "Write `permissions: {}` at the top of the workflow, and what a job needs into the job.";
    DigestUnbound "digest-unbound" Warn Verdict false
        "The workflow does not bind what is published to a digest that somebody has seen."
        => "Take `expected-digest` from an input of the workflow, or from the output `digest` of a job without `id-token`.";
    HandoverBroken "handover-broken" Refuse Verdict false
        "A value comes from where nothing is: it will be empty, and an empty input is refused."
        => "Correct the name; `needs` must list the job, and the job must declare the output.";
    HandoverDiffers "handover-differs" Warn Verdict false
        "The job whose page the reviewer decides by is given another release, or other rules, than the job that publishes."
        => "Give both jobs the same values; an `env:` at the top of the workflow says them once.";
    ActionForeign "action-foreign" Refuse Verdict false
        "A workflow uses another copy of this action, which may do anything."
        => "Name it by `apache/asf-pypi-publish@` and the full hash of a commit that you reviewed.";
    ActionPlaceholder "action-placeholder" Refuse Verdict false
        "The workflow still names this action by the zeros of the example."
        => "Put the full hash of the release's commit that you reviewed in their place, with the version in a comment.";
    EnvironmentUnknown "environment-unknown" Warn Verdict false
        "Which environment guards the publishing job is known only on the day, so that nobody could look whether it asks for a review."
        => "Write its name out; for two indexes, write two jobs.";
    AsfYamlIllegal "asf-yaml-illegal" Refuse Verdict false
        "`.asf.yaml` cannot be read, or holds an environment that would not be set up."
        => "Correct that line; docs/approval.md has an environment to copy.";
    AsfYamlSilent "asf-yaml-silent" Warn Verdict false
        "`.asf.yaml` does not say who guards the environment of the publishing job."
        => "Add the environment to `.asf.yaml`, or make sure that its protection under Settings > Environments is the same.";
    ProjectClosed "project-closed" Refuse Verdict false
        "The index takes no files of the project: it is archived, quarantined or closed."
        => "Have an owner of the project open it again on its page.";
    ProjectsUnasked "projects-unasked" Note Verdict false
        "Which projects will be published is not known before the run, so that the index was not asked."
        => "Give `doctor` the names by `projects`.";
    KeyExpiring "key-expiring" Warn Verdict false
        "A key that may sign releases expires within 60 days."
        => "Extend the key and update KEYS in the release area before the release.";
    VersionOld "version-old" Warn Verdict false
        "There is a newer version of this action."
        => "Read what changed, review it, and pin the workflow to its commit.";
    VersionUnknown "version-unknown" Note Verdict false
        "It is not known whether there is a newer version of this action."
        => "Look at the page of the releases.";

    // The index.
    IndexConflict "index-conflict" Refuse Verdict false
        "The index already has this name with other bytes."
        => "Do not publish. A name can never be used again: make a new version.";
    ProjectNew "project-new" Note Verdict false
        "The index does not know a project of the release."
        => "Register a pending publisher for it: three at a time for each account, one at a time for a workflow and environment, each for 30 days. The next mint makes the project; then register the next one and run the job again.";
    ProjectNotCovered "project-not-covered" Refuse Verdict false
        "The upload token does not cover every project of the release; nothing was sent."
        => "Register this workflow as a trusted publisher of each project that is there, and a pending publisher for each that is not, then run the job again.";
    ReleaseClosed "release-closed" Refuse Verdict false
        "The index takes no new files of a version whose first file came more than 14 days ago."
        => "Make a new version.";
    IndexRefused "index-refused" Refuse Verdict false
        "The index refused a look-up."
        => "Check `index`.";
    IndexUnreachable "index-unreachable" Refuse Outside false
        "The index did not answer, or answered with a server error."
        => "Run the job again; what is already there is kept.";
    AudienceForbidden "audience-forbidden" Refuse Verdict false
        "The index asks for a token that is worth something elsewhere: for PyPI, TestPyPI or Sigstore, or for an address that is not its own."
        => "Do not use this index: it could relay the token.";
    TokenRefused "token-refused" Refuse Verdict false
        "The index, or GitHub, gave no token for this workflow."
        => "Compare the claims with the trusted publisher that is registered for the project.";
    TokenUnreachable "token-unreachable" Refuse Outside false
        "The identity token or the upload token could not be had."
        => "Run the job again; what is already there is kept.";
    AttestationWrong "attestation-wrong" Refuse Verdict false
        "An attestation does not prove what the index will ask of it: this file, published by this workflow. The index would refuse the file with it."
        => "If it came with the release, have it made again by the workflow that publishes, or remove it; if this run made it, report it with the log.";
    AttestationRefused "attestation-refused" Refuse Verdict false
        "Sigstore makes no attestations for this job."
        => "Read Sigstore's answer; `attestations: false` publishes without them.";
    AttestationUnmade "attestation-unmade" Refuse Outside false
        "The files could not be attested: Sigstore or GitHub's identity tokens were out of reach. Nothing was uploaded, since no attestation can be added later."
        => "Run the job again; `attestations: best-effort` publishes without them where that fails again.";
    AttestationMissing "attestation-missing" Warn Outside false
        "Files are published without attestations, as `attestations: best-effort` allows; none can be added later."
        => "Nothing, if the release may be without; otherwise a new version is the only way.";
    UploadRefused "upload-refused" Refuse Verdict false
        "The index refused a file for good."
        => "Read the index's answer; files already published stay.";
    UploadUnfinished "upload-unfinished" Refuse Outside false
        "Some files are not published yet."
        => "Run the job again: it finishes what is missing and repeats nothing.";
    ReadBackLate "read-back-late" Refuse Outside false
        "The index does not show all files yet."
        => "Run the job again later: it only looks.";
    ReadBackDiffers "read-back-differs" Refuse Verdict false
        "The index shows other bytes than those that were sent."
        => "Tell the project's security list: the index serves something else.";
    AttestationNotShown "attestation-not-shown" Refuse Outside false
        "The index has the file and does not show the attestation that was sent with it, or shows another."
        => "Run the job again later: it only looks. If it stays so, ask the index; for one that keeps no attestations set `attestations: false`.";

    // What is checked afterwards.
    IndexLacks "index-lacks" Refuse Verdict false
        "The index does not serve a file of the release."
        => "Publish what is missing, or find out who deleted it there.";
    IndexExtra "index-extra" Refuse Verdict false
        "The index serves a file of this version that the release does not hold."
        => "Find out who uploaded it; tell the project's security list if nobody did. An owner of the project can yank it.";
    IndexDiffers "index-differs" Refuse Verdict false
        "The index serves other bytes than the release holds."
        => "Tell the project's security list: users get something that was not voted on.";
    IndexYanked "index-yanked" Note Verdict false
        "The index serves a file as yanked: installers pass it over unless it is asked for by its version."
        => "Nothing, if the project withdrew it.";
    ProvenanceMissing "provenance-missing" Refuse Verdict false
        "A file on the index has no provenance, and the inputs say who must have attested it; noted where they do not."
        => "Find out how the file was uploaded. Nothing can be added to it afterwards.";
    ProvenanceBad "provenance-bad" Refuse Verdict false
        "The provenance that the index gives of a file does not hold."
        => "Tell the project's security list: the signature, its certificate, its log entry or its subject is wrong.";
    ProvenanceIdentity "provenance-identity" Refuse Verdict false
        "Another workflow attested the file than the one that the inputs name."
        => "Compare `repository` and `workflow` with the workflow that publishes the project, to the letter.";
    ReceiptUnreadable "receipt-unreadable" Refuse Verdict false
        "The file is no receipt of this program: of another kind, incomplete, or contradicting itself."
        => "Check the path. A receipt is written beside the JSON report of the run that published.";
    ReceiptUntrusted "receipt-untrusted" Refuse Verdict false
        "The signature of the receipt, its certificate or its log entry does not hold."
        => "Do not rely on it: it was changed since it was signed, or the trusted root is not that of the instance that signed it (`sigstore`).";
    ReceiptIdentity "receipt-identity" Refuse Verdict false
        "Another workflow signed the receipt than the one that was named."
        => "Compare `repository` and `workflow` with the workflow that published, to the letter; else do not rely on the receipt.";
    ReceiptDiffers "receipt-differs" Refuse Verdict false
        "The source does not hold a file of the receipt, or holds it with other bytes."
        => "Check that `source` is the release of this receipt. Then find out who changed the file, and why.";
    ReceiptUnmade "receipt-unmade" Refuse Outside false
        "The release is published, and its receipt could not be signed."
        => "Run the job again: it uploads nothing twice, looks at what the index serves, and signs the receipt.";

    // The run itself.
    Cancelled "cancelled" Refuse Outside false
        "The run was told to end before it was done."
        => "Run the job again: it finishes what is missing and repeats nothing.";
    ReportUnwritable "report-unwritable" Refuse Outside false
        "A report or an output could not be written."
        => "Check the path and the disk.";
    Internal "internal" Refuse Outside false
        "The program failed where it never should."
        => "Please report it with the log; nothing more was published.";
}
