// Rotation of a key with overlap. The states of a version are those of NIST SP 800-57 part 1, section 7.
//
//   prepare()        a pair on the token, its custody read back: pre-active. No charter names it, so it signs nothing;
//                    its public key is there to be published before anything is signed with it.
//   with_active()    the charter that its approvers are asked for: the new version active, the one before verify-only.
//   with_retired()   later, when nothing verifies with the old one any more.
//
// The two charters go the way of every charter (Register::ask, Service::put_in_force): there is no other way for a
// version to begin to sign, or to end. With the first of them every request and grant under the charter before is void,
// as with any change of charter: what was approved for one version is never signed by another.
#pragma once

#include "keys/register.h"
#include "keys/signer/supervisor.h"

namespace hf::keys {

// The version that was made and that no charter names yet; none: there is none.
[[nodiscard]] Result<std::optional<KeyVersion>> prepared_version(const db::Reader& reader, const StoredKey& key);

// Of `algorithm`, absent: that of the version that signs. What an interruption left is taken up again. HF-KEYS-0011;
// HF-KEYS-0033 if one is prepared already; HF-KEYS-0034 if no version signs and no algorithm is named.
[[nodiscard]] Result<KeyVersion> prepare_version(db::Database& database, const Clock& clock, Signer& signer,
                                                 std::string_view key, std::optional<crypto::KeyAlgorithm> algorithm,
                                                 const ledger::Actor& actor);

[[nodiscard]] Charter with_active(Charter in_force, KeyVersion next);
// HF-KEYS-0034 if the version is not verify-only: what signs is not retired, what is retired needs nothing.
[[nodiscard]] Result<Charter> with_retired(Charter in_force, int version);

}  // namespace hf::keys
