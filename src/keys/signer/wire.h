// The signer's values as JSON, for the channel.
#pragma once

#include "keys/signer/custodian.h"

namespace hf::keys {

// What people have approved, the same for each of the signatures under it: it goes through the channel once and is then
// called by its number. Both sides have kDocumentsMax places, and a number that is given again gets other documents.
struct Documents {
  SigningRequest request;
  std::vector<Approval> approvals{};
};
inline constexpr std::size_t kDocumentsMax = 64;
[[nodiscard]] JsonObject documents_json(const SignOrder& order);
[[nodiscard]] Result<Documents> documents_of(const JsonObject& json);  // HF-SIGNER-0010

// Of an order without its documents. HF-SIGNER-0010.
[[nodiscard]] JsonObject to_json(const SignOrder& order);
[[nodiscard]] Result<SignOrder> sign_order_of(const JsonObject& json, const Documents& documents);
[[nodiscard]] JsonObject to_json(const Signature& signature);
[[nodiscard]] Result<Signature> signature_of(const JsonObject& json);
[[nodiscard]] JsonObject to_json(const crypto::Custody& custody);
[[nodiscard]] JsonObject to_json(const crypto::TokenKey& key);
[[nodiscard]] Result<crypto::TokenKey> token_key_of(const JsonObject& json);
[[nodiscard]] JsonObject to_json(const crypto::TokenContents& contents);
[[nodiscard]] Result<crypto::TokenContents> token_contents_of(const JsonObject& json);
[[nodiscard]] JsonObject to_json(const JournalHead& head);
[[nodiscard]] Result<JournalHead> journal_head_of(const JsonObject& json);
[[nodiscard]] JsonObject to_json(std::span<const BrokenGlass> broken);
[[nodiscard]] Result<std::vector<BrokenGlass>> broken_glass_of(const JsonObject& json);
[[nodiscard]] JsonArray to_json(std::span<const Approval> approvals);
[[nodiscard]] Result<std::vector<Approval>> approvals_of(const Json* json);

}  // namespace hf::keys
