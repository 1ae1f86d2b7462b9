#include "keys/signer/wire.h"

#include <array>

namespace hf::keys {
namespace {

auto wrong(std::string what) {
  return fail(ErrorKind::internal, "HF-SIGNER-0010",
              "the signer and the server do not understand each other: are they of one version?", std::move(what));
}

Bytes bytes_at(const JsonObject& json, std::string_view name) {
  return from_base64(text_at(json, name)).value_or(Bytes());
}
bool hash_at(const JsonObject& json, std::string_view name, crypto::Sha256& out) {
  const auto bytes = from_hex(text_at(json, name));
  if (!bytes || bytes->size() != out.size()) return false;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return true;
}

using Flag = std::optional<bool> crypto::Custody::*;
constexpr std::array<std::pair<std::string_view, Flag>, 13> kCustody{
    {{"local", &crypto::Custody::local},
     {"sensitive", &crypto::Custody::sensitive},
     {"always_sensitive", &crypto::Custody::always_sensitive},
     {"extractable", &crypto::Custody::extractable},
     {"never_extractable", &crypto::Custody::never_extractable},
     {"copyable", &crypto::Custody::copyable},
     {"modifiable", &crypto::Custody::modifiable},
     {"sign", &crypto::Custody::sign},
     {"decrypt", &crypto::Custody::decrypt},
     {"unwrap", &crypto::Custody::unwrap},
     {"wrap", &crypto::Custody::wrap},
     {"derive", &crypto::Custody::derive},
     {"always_authenticate", &crypto::Custody::always_authenticate}}};

}  // namespace

JsonObject to_json(const crypto::Custody& custody) {
  JsonObject json;
  for (const auto& [name, flag] : kCustody) json[name] = custody.*flag ? Json(*(custody.*flag)) : Json(nullptr);
  return json;
}

JsonArray to_json(std::span<const Approval> approvals) {
  JsonArray list;
  for (const auto& approval : approvals) list.push_back(to_json(approval));
  return list;
}

Result<std::vector<Approval>> approvals_of(const Json* json) {
  const auto* list = json ? json->if_array() : nullptr;
  if (!list) return wrong("approvals");
  std::vector<Approval> approvals;
  for (const auto& item : *list) {
    HF_TRY(auto approval, approval_of(item));
    approvals.push_back(std::move(approval));
  }
  return approvals;
}

JsonObject documents_json(const SignOrder& order) {
  return {{"request", to_json(order.request)}, {"approvals", to_json(std::span(order.approvals))}};
}

Result<Documents> documents_of(const JsonObject& json) {
  const auto* request = json.if_contains("request");
  if (!request) return wrong("request");
  Documents documents;
  HF_TRY(documents.request, request_of(*request));
  HF_TRY(documents.approvals, approvals_of(json.if_contains("approvals")));
  return documents;
}

JsonObject to_json(const SignOrder& order) {
  JsonArray intermediates;
  for (const auto& der : order.intermediates) intermediates.emplace_back(to_base64(der));
  return {{"evidence", to_base64(order.evidence)},
          {"requester", order.requester},
          {"branch", order.branch},
          {"product", order.product},
          {"format", order.format},
          {"scheme", crypto::name_of(order.scheme)},
          {"signing_time", micros(order.signing_time)},
          {"certificate", to_base64(order.certificate)},
          {"intermediates", std::move(intermediates)}};
}

Result<SignOrder> sign_order_of(const JsonObject& json, const Documents& documents) {
  SignOrder order{.request = documents.request, .approvals = documents.approvals};
  order.evidence = bytes_at(json, "evidence");
  order.requester = text_at(json, "requester");
  order.branch = text_at(json, "branch");
  order.product = text_at(json, "product");
  order.format = text_at(json, "format");
  const auto scheme = crypto::signature_scheme_of(text_at(json, "scheme"));
  if (!scheme) return wrong("scheme");
  order.scheme = *scheme;
  order.signing_time = time_of(number_at(json, "signing_time"));
  order.certificate = bytes_at(json, "certificate");
  if (const auto* list = array_at(json, "intermediates"))
    for (const auto& item : *list)
      if (item.is_string()) order.intermediates.push_back(from_base64(item.get_string()).value_or(Bytes()));
  return order;
}

JsonObject to_json(const JournalHead& head) { return {{"lines", head.lines}, {"hash", to_hex(head.hash)}}; }
Result<JournalHead> journal_head_of(const JsonObject& json) {
  JournalHead head{number_at(json, "lines"), {}};
  if (!hash_at(json, "hash", head.hash)) return wrong("hash");
  return head;
}

JsonObject to_json(const Signature& signature) {
  JsonArray earlier;
  for (const auto& one : signature.earlier) earlier.emplace_back(to_base64(one));
  return {{"signature", to_base64(signature.signature)},
          {"input", to_base64(signature.input)},
          {"journal", signature.journal},
          {"head", to_json(signature.head)},
          {"earlier", std::move(earlier)}};
}
Result<Signature> signature_of(const JsonObject& json) {
  const auto* head = object_at(json, "head");
  if (!head) return wrong("head");
  HF_TRY(const auto journal_head, journal_head_of(*head));
  Signature signature{
      bytes_at(json, "signature"), bytes_at(json, "input"), number_at(json, "journal"), journal_head, {}};
  if (signature.signature.empty()) return wrong("signature");
  if (const auto* list = array_at(json, "earlier"))
    for (const auto& item : *list)
      if (item.is_string()) signature.earlier.push_back(from_base64(item.get_string()).value_or(Bytes()));
  return signature;
}

JsonObject to_json(std::span<const BrokenGlass> broken) {
  JsonArray list;
  for (const auto& one : broken)
    list.push_back(JsonObject{{"request", one.request}, {"due", micros(one.due)}, {"rejected", one.rejected}});
  return {{"broken", std::move(list)}};
}
Result<std::vector<BrokenGlass>> broken_glass_of(const JsonObject& json) {
  const auto* list = array_at(json, "broken");
  if (!list) return wrong("broken");
  std::vector<BrokenGlass> broken;
  for (const auto& item : *list) {
    const auto* object = item.if_object();
    if (!object) return wrong("broken");
    const auto* rejected = object->if_contains("rejected");
    broken.push_back(
        {std::string(text_at(*object, "request")), time_of(number_at(*object, "due")), rejected && *rejected == true});
  }
  return broken;
}

JsonObject to_json(const crypto::TokenKey& key) {
  return {{"label", key.label},
          {"id", to_hex(key.pin.id)},
          {"fingerprint", to_hex(key.pin.fingerprint)},
          {"algorithm", crypto::name_of(key.public_key.algorithm)},
          {"spki", to_hex(crypto::to_spki(key.public_key))},
          {"custody", to_json(key.custody)}};
}
Result<crypto::TokenKey> token_key_of(const JsonObject& json) {
  crypto::TokenKey key{.label = std::string(text_at(json, "label")), .pin = {}, .public_key = {}, .custody = {}};
  key.pin.id = from_hex(text_at(json, "id")).value_or(Bytes());
  if (!hash_at(json, "fingerprint", key.pin.fingerprint)) return wrong("fingerprint");
  HF_TRY(key.public_key, crypto::public_key_of_spki(from_hex(text_at(json, "spki")).value_or(Bytes())));
  if (const auto* custody = object_at(json, "custody"))
    for (const auto& [name, flag] : kCustody)
      if (const auto* member = custody->if_contains(name); member && member->is_bool())
        key.custody.*flag = member->get_bool();
  return key;
}

JsonObject to_json(const crypto::TokenContents& contents) {
  JsonArray keys, odd;
  for (const auto& key : contents.keys) keys.push_back(to_json(key));
  for (const auto& object : contents.odd)
    odd.push_back(JsonObject{{"label", object.label}, {"id", to_hex(object.id)}, {"why", object.why}});
  return {{"keys", std::move(keys)}, {"odd", std::move(odd)}};
}
Result<crypto::TokenContents> token_contents_of(const JsonObject& json) {
  crypto::TokenContents contents;
  const auto *keys = array_at(json, "keys"), *odd = array_at(json, "odd");
  if (!keys || !odd) return wrong("contents");
  for (const auto& item : *keys) {
    if (!item.is_object()) return wrong("keys");
    HF_TRY(auto key, token_key_of(item.get_object()));
    contents.keys.push_back(std::move(key));
  }
  for (const auto& item : *odd)
    if (const auto* object = item.if_object())
      contents.odd.push_back({std::string(text_at(*object, "label")),
                              from_hex(text_at(*object, "id")).value_or(Bytes()),
                              std::string(text_at(*object, "why"))});
  return contents;
}

}  // namespace hf::keys
