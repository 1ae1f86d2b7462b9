#include "ceremony/result.h"

#include <algorithm>

#include "ceremony/authority.h"
#include "ceremony/response.h"
#include "crypto/verification.h"
#include "pki/issue.h"

namespace hf::ceremony {
namespace {

namespace x509 = crypto::x509;
using keys::text_at;

std::string digest_text(ByteView bytes) { return to_hex(crypto::sha256({bytes})); }

// Members of a result: exactly these, as texts.
Result<std::vector<std::string>> texts_of(const JsonObject& result, std::initializer_list<std::string_view> names) {
  std::vector<std::string> texts;
  for (const auto name : names) {
    const auto* const member = result.if_contains(name);
    if (!member || !member->is_string()) return not_made("its result has no " + std::string(name));
    texts.emplace_back(member->get_string());
  }
  if (result.size() != names.size()) return not_made("its result has more than it should");
  return texts;
}

Result<Bytes> der_in(std::string_view base64) {
  auto der = from_base64(base64);
  if (!der || to_base64(*der) != base64) return not_made("its result is no base64");
  return *std::move(der);
}

Result<void> check_key(const CeremonyStep& step, const Record& record) {
  std::vector<keys::Fault> faults;
  const Json json(record.result);
  keys::Fields in(json, "", faults);
  const auto spki = in.hex("spki", 1024);
  in.object("custody", [](keys::Fields& custody) {
    for (const auto* name : {"local", "sensitive", "always_sensitive", "extractable", "never_extractable", "copyable",
                             "modifiable", "sign", "decrypt", "unwrap", "wrap", "derive", "always_authenticate"})
      static_cast<void>(custody.flag(name));
  });
  in.close();
  if (!faults.empty()) return not_made("its result " + faults.front().pointer + " " + faults.front().what);
  HF_TRY(const auto key, crypto::public_key_of_spki(spki));
  if (key.algorithm != step.algorithm) return not_made("the key has another algorithm than the script");
  if (to_hex(crypto::fingerprint_of(key)) != record.actual) return not_made("the digest is not that of the key");
  // A key that could leave the token, or came into it from elsewhere, is no root of anything.
  const auto* const custody = keys::object_at(record.result, "custody");
  const auto is = [&](std::string_view name, bool wanted) {
    const auto* const member = custody ? custody->if_contains(name) : nullptr;
    return member && *member == wanted;
  };
  if (!is("local", true) || !is("never_extractable", true) || !is("always_sensitive", true))
    return not_made("the token does not say that the key was made on it and never left it");
  return {};
}

Result<void> check_files(const Transcript& transcript, const CeremonyStep& step, const Record& record) {
  HF_TRY(const auto files, exported_files(transcript, step));
  if (record.result.size() != 1 || !record.result.contains("files") ||
      record.result.at("files") != Json(list_of(files)))
    return not_made("the files are not those of the steps");
  return {};
}

// None where there is no such member: no text is also the base64 of no bytes.
std::optional<Bytes> bytes_at(const JsonObject& result, std::string_view name) {
  return result.contains(name) ? from_base64(text_at(result, name)) : std::nullopt;
}

}  // namespace

std::string outside_window(const CeremonyScript& script, Time now) {
  if (script.not_before && now < *script.not_before)
    return "the ceremony may begin at " + format_rfc3339(*script.not_before);
  if (script.not_after && now >= *script.not_after)
    return "the ceremony might have begun until " + format_rfc3339(*script.not_after);
  return {};
}

std::optional<crypto::PublicKey> key_made(const Transcript& transcript, std::string_view key) {
  for (const auto& step : transcript.script().steps) {
    if (step.kind != StepKind::generate_key || step.key != key) continue;
    const auto* const record = transcript.record_of(step.id);
    const auto spki = record ? from_hex(text_at(record->result, "spki")) : std::nullopt;
    const auto made = crypto::public_key_of_spki(spki.value_or(Bytes()));
    if (made) return *made;
  }
  return std::nullopt;
}

Result<Bytes> root_of_step(const Transcript& transcript, std::string_view step) {
  const auto* const record = transcript.record_of(step);
  auto der = record ? bytes_at(record->result, "certificate") : std::nullopt;
  if (!der) return not_made("the step " + std::string(step) + " made no certificate");
  return *std::move(der);
}

Result<std::vector<NamedFile>> files_of(const Transcript& transcript, const Record& record) {
  std::vector<NamedFile> files;
  const auto& step = transcript.script().steps[record.position];
  const auto add = [&](const std::string& name, std::string_view text) {
    files.push_back({name, Bytes(text.begin(), text.end())});
  };
  const bool made = record.outcome == Outcome::as_expected || record.outcome == Outcome::recorded;
  if (!made) return not_made("the step " + step.id + " was an exception and made nothing");
  if (step.kind == StepKind::generate_key) {
    HF_TRY(const auto key, crypto::public_key_of_spki(from_hex(text_at(record.result, "spki")).value_or(Bytes())));
    add(*step.key + ".pub.pem", crypto::to_pem(key));
  }
  if (const auto der = bytes_at(record.result, "certificate"); der && step.out)
    add(*step.out, crypto::pem_of("CERTIFICATE", *der));
  // A distribution point has DER (RFC 5280 4.2.1.13).
  if (const auto der = bytes_at(record.result, "crl"); der && step.out) add(*step.out, text_of(*der));
  if (step.kind == StepKind::sign_request || step.kind == StepKind::sign_crl)
    add(*step.out + ".response.json", response_of(transcript, record));
  return files;
}

Result<std::vector<NamedFile>> exported_files(const Transcript& transcript, const CeremonyStep& step) {
  std::vector<NamedFile> all;
  for (const auto& id : step.of) {
    const auto* const record = transcript.record_of(id);
    if (!record) return not_made("the step " + id + " was an exception and made nothing");
    HF_TRY(auto files, files_of(transcript, *record));
    std::ranges::move(files, std::back_inserter(all));
  }
  return all;
}

JsonArray list_of(const std::vector<NamedFile>& files) {
  JsonArray list;
  for (const auto& file : files) list.push_back(JsonObject{{"name", file.name}, {"sha256", digest_text(file.content)}});
  return list;
}

std::string digest_of_files(const std::vector<NamedFile>& files) {
  return digest_text(bytes_of(canonical_json(list_of(files)).value()));
}

Result<ReadRequest> request_in(ByteView text) {
  HF_TRY(auto envelope, keys::read_envelope(text, keys::kCaRequestType));
  HF_TRY(auto request, keys::ca_request_of(envelope.payload));
  auto sha256 = digest_text(envelope.payload);
  return ReadRequest{std::move(envelope), std::move(request), std::move(sha256)};
}

Result<void> check_request(const ReadRequest& read, const CeremonyStep& step, ByteView ca) {
  const auto* const wish = std::get_if<keys::CertificateWish>(&read.request.wish);
  if ((wish != nullptr) != (step.kind == StepKind::sign_request))
    return not_made(wish ? "the request is for a certificate, and the step for a CRL"
                         : "the request is for a CRL, and the step for a certificate");
  if (read.request.ca_sha256 != digest_text(ca)) return not_made("the request is for another CA");
  if (step.ca_sha256 && *step.ca_sha256 != digest_text(ca))
    return not_made("the certificate is not that of the script's CA");
  if (!wish) return {};
  HF_TRY(const auto csr, x509::request_of(wish->csr));
  HF_TRY(const auto key, crypto::public_key_of_spki(csr.spki));
  if (!pki::proves_possession(csr) && !keys::envelope_signer(read.envelope, keys::kCaRequestType, std::span(&key, 1)))
    return not_made(
        "nothing proves that whoever asks has the key: neither the envelope nor the PKCS #10 request is signed by it");
  return {};
}

Result<void> check_answer(const CeremonyStep& step, const Record& record) {
  const auto* const made = step.kind == StepKind::sign_request ? "certificate" : "crl";
  HF_TRY(const auto texts, texts_of(record.result, {"request", "ca", made}));
  HF_TRY(const auto request, request_in(bytes_of(texts[0])));
  HF_TRY(const auto ca, der_in(texts[1]));
  HF_TRY(const auto der, der_in(texts[2]));
  if (request.sha256 != record.actual) return not_made("the digest is not that of the request");
  HF_CHECK(check_request(request, step, ca));
  if (const auto* const wish = std::get_if<keys::CertificateWish>(&request.request.wish))
    return check_certificate(der, step, *wish, ca);
  return check_crl(der, std::get<keys::CrlWish>(request.request.wish), ca);
}

Result<void> check_result(const Transcript& transcript, const CeremonyStep& step, const Record& record) {
  switch (step.kind) {
    case StepKind::generate_key: return check_key(step, record);
    case StepKind::self_sign_root: {
      HF_TRY(const auto texts, texts_of(record.result, {"certificate"}));
      HF_TRY(const auto der, der_in(texts[0]));
      const auto key = key_made(transcript, *step.key);
      if (!key) return not_made("no step made the key " + *step.key);
      if (digest_text(der) != record.actual) return not_made("the digest is not that of the certificate");
      return check_root(der, step, *key);
    }
    case StepKind::sign_request:
    case StepKind::sign_crl: {
      HF_CHECK(check_answer(step, record));
      if (!step.ca_step) return {};
      HF_TRY(const auto root, root_of_step(transcript, *step.ca_step));
      if (to_base64(root) != text_at(record.result, "ca"))
        return not_made("it is signed for another CA than the script's");
      return {};
    }
    case StepKind::export_files: return check_files(transcript, step, record);
    case StepKind::digest: {
      const auto octets = from_hex(record.actual.value_or(""));
      if (!octets || octets->size() != 32 || to_hex(*octets) != record.actual || !record.result.empty())
        return not_made("what was found is no SHA-256");
      return {};
    }
    case StepKind::statement:
    case StepKind::destroy:
    case StepKind::note: break;
  }
  if (!record.result.empty()) return not_made("nothing comes of such a step");
  if (step.asks.has_value() != record.actual.has_value() || (record.actual && record.actual->empty()))
    return not_made(step.asks ? "what the step asks for was not entered" : "the step asks for nothing");
  return {};
}

}  // namespace hf::ceremony
