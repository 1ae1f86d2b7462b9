// What the steps do.
#include <algorithm>

#include "ceremony/authority.h"
#include "ceremony/run.h"
#include "crypto/verification.h"
#include "keys/formats/file.h"
#include "keys/signer/wire.h"

namespace hf::ceremony {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRequestFileMax = 64U << 10, kCertificateFileMax = 64U << 10;

auto bad_input(std::string why) {
  return fail(ErrorKind::invalid, "HF-CEREMONY-0009", "the step cannot begin: " + std::move(why));
}

Result<Bytes> file_of(const fs::path& path, std::size_t max) {
  const auto file = keys::SourceFile::open(path);
  if (!file) return bad_input(file.error().message);
  auto bytes = file->read_all(max);
  if (!bytes) return bad_input(bytes.error().message);
  return *std::move(bytes);
}

std::string digest_text(ByteView bytes) { return to_hex(crypto::sha256({bytes})); }

Result<Bytes> certificate_of_file(const fs::path& path) {
  HF_TRY(auto bytes, file_of(path, kCertificateFileMax));
  auto blocks = crypto::pem_blocks(text_of(bytes), "CERTIFICATE");
  if (blocks && !blocks->empty()) return std::move(blocks->front());
  return bytes;
}

}  // namespace

// On disk before the token is asked: a kill in between leaves a use that is seen.
Result<void> Run::begin(const CeremonyStep& step, const Input& input, Time at) {
  return write(
      {{"what", "begin"}, {"step", step.id}, {"actor", input.actor}, {"witnesses", keys::list_of(input.witnesses)}},
      at);
}

Result<Run::Done> Run::act(const CeremonyStep& step, const Input& input, Time at) {
  switch (step.kind) {
    case StepKind::statement:
    case StepKind::destroy:
    case StepKind::note: {
      if (!step.asks) return Done{};
      const auto value = std::string(trim(input.value.value_or("")));
      constexpr std::size_t kValueMax = 1024;
      if (value.empty() || value.size() > kValueMax || !keys::is_plain(value))
        return bad_input("it asks for: " + *step.asks);
      return Done{value};
    }
    case StepKind::digest: {
      const auto source = keys::SourceFile::open(input.file);
      if (!source) return bad_input(source.error().message);
      HF_TRY(const auto digest, source->digest(crypto::Digest::sha256, 0, source->size()));
      return Done{to_hex(digest)};
    }
    case StepKind::generate_key: return generate(step, input, at);
    case StepKind::self_sign_root: return sign_root(step, input, at);
    case StepKind::sign_request:
    case StepKind::sign_crl: return answer_request(step, input, at);
    case StepKind::export_files: return export_to(step, input.file);
  }
  return bad_input("its kind is not known");
}

// The label on the token is new each time, so that what an interrupted step left behind is never taken for its key.
Result<Run::Done> Run::generate(const CeremonyStep& step, const Input& input, Time at) {
  HF_CHECK(begin(step, input, at));
  HF_TRY(const auto token, machine_.token());
  constexpr std::size_t kRunDigits = 8;
  const auto label =
      *step.key + "-" + transcript_.run().substr(0, kRunDigits) + "-" + std::to_string(journal_->head().lines);
  HF_TRY(const auto made, token->generate(*step.algorithm, label));
  return Done{to_hex(crypto::fingerprint_of(made.public_key)),
              {{"spki", to_hex(crypto::to_spki(made.public_key))}, {"custody", keys::to_json(made.custody)}}};
}

Result<Bytes> Run::sign(const crypto::PublicKey& key, ByteView to_sign) const {
  HF_TRY(const auto token, machine_.token());
  HF_TRY(const auto contents, token->contents());
  const auto fingerprint = crypto::fingerprint_of(key);
  const auto found =
      std::ranges::find_if(contents.keys, [&](const auto& one) { return one.pin.fingerprint == fingerprint; });
  if (found == contents.keys.end()) return not_made("the token has not the key of fingerprint " + to_hex(fingerprint));
  const auto scheme = crypto::default_scheme_of(key.algorithm);
  HF_TRY(const auto signature, token->sign(found->pin, scheme, crypto::signing_input(scheme, to_sign)));
  return signed_with(key, to_sign, signature);
}

Result<Run::Done> Run::sign_root(const CeremonyStep& step, const Input& input, Time at) {
  const auto key = key_made(transcript_, *step.key);
  if (!key) return not_made("no step made the key " + *step.key);
  HF_TRY(const auto to_sign, root_to_sign(step, *key, at));  // linted
  HF_CHECK(begin(step, input, at));
  HF_TRY(const auto der, sign(*key, to_sign));
  HF_CHECK(check_root(der, step, *key));
  return Done{digest_text(der), {{"certificate", to_base64(der)}}};
}

Result<Run::Done> Run::answer_request(const CeremonyStep& step, const Input& input, Time at) {
  HF_TRY(const auto text, file_of(input.file, kRequestFileMax));
  HF_TRY(const auto read, request_in(text));
  if (step.request_sha256 && *step.request_sha256 != read.sha256)
    return Done{read.sha256};  // it differs, and nothing is signed
  // Who asks is known to the people who approved the script, or to the machine.
  if (!step.request_sha256 &&
      !keys::envelope_signer(read.envelope, keys::kCaRequestType, machine_.config().manufacturer))
    return not_made(
        "the request is signed by no key that this machine trusts, and the script does not name it by its digest");
  Bytes ca;
  if (step.ca_step) {
    HF_TRY(ca, root_of_step(transcript_, *step.ca_step));
  } else if (auto kept = machine_.certificate(*step.ca_sha256)) {
    ca = *std::move(kept);
  } else {
    HF_TRY(ca, certificate_of_file(input.certificate));
  }
  HF_CHECK(check_request(read, step, ca));
  HF_TRY(const auto certificate, crypto::x509::certificate_of(ca));
  HF_TRY(const auto key, crypto::public_key_of_spki(certificate.spki));
  const auto* const wish = std::get_if<keys::CertificateWish>(&read.request.wish);
  HF_TRY(const auto to_sign, wish ? certificate_to_sign(step, *wish, ca, at)
                                  : crl_to_sign(std::get<keys::CrlWish>(read.request.wish), ca, at));
  HF_CHECK(begin(step, input, at));
  HF_TRY(const auto der, sign(key, to_sign));
  if (wish) HF_CHECK(check_certificate(der, step, *wish, ca));
  else HF_CHECK(check_crl(der, std::get<keys::CrlWish>(read.request.wish), ca));
  return Done{
      read.sha256,
      {{"request", trim(text_of(text))}, {"ca", to_base64(ca)}, {wish ? "certificate" : "crl", to_base64(der)}}};
}

// Written to the medium and read back from it: what is carried away is what was made.
Result<Run::Done> Run::export_to(const CeremonyStep& step, const fs::path& folder) const {
  HF_TRY(auto files, exported_files(transcript_, step));
  std::error_code error;
  if (!fs::is_directory(folder, error)) return bad_input("'" + folder.string() + "' is no folder");
  for (auto& file : files) {
    HF_TRY(auto target, keys::TargetFile::create(folder / file.name));
    HF_CHECK(target.write(file.content));
    HF_CHECK(target.keep());
    HF_TRY(const auto source, keys::SourceFile::open(folder / file.name));
    HF_TRY(file.content, source.read_all(kCertificateFileMax + (1U << 20)));
  }
  return Done{digest_of_files(files), {{"files", list_of(files)}}};
}

}  // namespace hf::ceremony
