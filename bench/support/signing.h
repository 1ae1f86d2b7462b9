// A key of a real signer that has signed every build and stands in every hardware revision: what a leak of it means is
// the largest question that there is of a key.
#pragma once

#include "keys/formats/formats.h"
#include "keys/service.h"
#include "support/bulk.h"
#include "support/test_keys.h"

namespace hf::bench {

class LeakedKey {
 public:
  // The program is this one, started as `signer`. Builds and hardware revisions are there already.
  LeakedKey(db::Database& database, const std::filesystem::path& directory)
      : signer_({.token = must(crypto::set_up_soft_token(directory, {})),
                 .directory = directory / "token" / "signer",
                 .program = "/proc/self/exe",
                 .arguments = {"signer"}},
                kClock),
        service_(database, kClock, signer_, &keys::find_format) {
    const auto approver = [](const char* who) {
      return keys::Approver{.person = who,
                            .name = who,
                            .roles = {"officer"},
                            .kind = keys::CredentialKind::key,
                            .key = test::TestKey(crypto::KeyAlgorithm::ecdsa_p256).key()};
    };
    const keys::Charter charter{
        .key = "bench-fw",
        .key_class = keys::KeyClass::firmware,
        .environment = keys::Environment::test,
        .owner = "ann",
        .deputy = "bob",
        .policy = {.formats = {"raw"}, .schemes = {crypto::SignatureScheme::ecdsa_p256_sha256}, .digest_only = true},
        .approval = {.steps = {{.name = "officers", .roles = {"officer"}, .needed = 1}}},
        .approvers = {approver("ann"), approver("bob")}};
    must(service_.create_key({charter, crypto::KeyAlgorithm::ecdsa_p256}, kActor));
    // Rows as the register writes them, one signature a build; one of two revisions has the key burned in.
    script(database, R"sql(
        INSERT INTO signing_request (request_id, entry_id, digest, key_id, kind, body, attachment, created_at, expires_at)
          SELECT 1, 1, 'bench', key_id, 'grant', '{}', '', 0, 0 FROM signing_key;
        INSERT INTO signature (signature_id, entry_id, request_id, key_version_id, product, format, scheme, artifact_name,
                               artifact_sha256, evidence_sha256, signature, requester, journal_line, journal_hash, signed_at)
          SELECT b.build_id, 1, 1, v.key_version_id, 'px', 'raw', 'ecdsa-p256-sha256', 'image',
                 SUBSTR('0000000000000000000000000000000000000000000000000000000000000000' || CAST(b.build_id AS TEXT),
                        LENGTH(CAST(b.build_id AS TEXT)) + 1),
                 '', '', 'ci', 1, '', 0
            FROM build AS b, key_version AS v;
        INSERT INTO build_artifact (build_artifact_id, entry_id, build_id, name, sha256, size)
          SELECT signature_id, 1, signature_id, 'image', artifact_sha256, 1 FROM signature;
        INSERT INTO key_anchor (anchor_id, entry_id, key_version_id, hardware_revision_id, fused, slots, since)
          SELECT h.hardware_revision_id, 1, v.key_version_id, h.hardware_revision_id, h.hardware_revision_id % 2, 1, 0
            FROM hardware_revision AS h, key_version AS v)sql");
  }

  void freeze() { must(service_.freeze({.key = "bench-fw", .reason = "bench"}, kActor)); }

 private:
  keys::Signer signer_;
  keys::Service service_;
};

}  // namespace hf::bench
