#include <algorithm>
#include <istream>
#include <ostream>
#include <set>

#include "ceremony/cli.h"
#include "ceremony/cli_prompt.h"
#include "crypto/x509.h"

namespace hf::ceremony {
namespace {

// A signature as tools write it: raw, or DER for ECDSA.
Bytes plain_signature(const crypto::PublicKey& key, ByteView bytes) {
  constexpr std::size_t kP256 = 64, kP384 = 96;
  if (key.algorithm == crypto::KeyAlgorithm::ecdsa_p256 && bytes.size() != kP256)
    return crypto::ecdsa_from_der(bytes, kP256);
  if (key.algorithm == crypto::KeyAlgorithm::ecdsa_p384 && bytes.size() != kP384)
    return crypto::ecdsa_from_der(bytes, kP384);
  return {bytes.begin(), bytes.end()};
}

// With the credential of the person that made the signature; else as by the first, which is then refused.
keys::Approval approval_by(const CeremonyScript& script, const keys::Statement& statement, ByteView file) {
  keys::Approval first{.statement = statement};
  for (const auto& one : script.people) {
    if (one.person != statement.person) continue;
    keys::Approval tried{.statement = statement, .kind = one.kind};
    if (one.kind == keys::CredentialKind::webauthn) {
      const auto json = parse_json(text_of(file));
      const auto* const object = json ? json->if_object() : nullptr;
      if (!object) continue;
      const auto member = [&](std::string_view name) {
        return from_hex(keys::text_at(*object, name)).value_or(Bytes());
      };
      tried.authenticator_data = member("authenticator_data"), tried.client_data = member("client_data");
      tried.signature = member("signature");
    } else {
      tried.signature = plain_signature(one.key, file);
    }
    if (keys::signer_of(tried, std::span(&one, 1))) return tried;
    first = tried;
  }
  return first;
}

}  // namespace

std::optional<std::string> Conductor::ask(std::string_view what) {
  terminal_.out << what << ": " << std::flush;
  std::string line;
  if (!std::getline(terminal_.in, line)) {
    terminal_.out << "\n";
    return std::nullopt;
  }
  return std::string(trim(line));
}

// Whoever alone has a role acts in it; else it is asked who does.
std::optional<Input> Conductor::people_of(const CeremonyStep& step) {
  Input input;
  const auto& script = run_.transcript().script();
  std::vector<std::string> roles{step.actor};
  roles.insert(roles.end(), step.witnesses.begin(), step.witnesses.end());
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const auto people = script.people_of(roles[i]);
    std::string person = people.front();
    if (people.size() > 1) {
      auto answer = ask("who is the " + roles[i] + " of this step, one of " + keys::joined(people));
      if (!answer) return std::nullopt;
      person = *std::move(answer);
    }
    if (i == 0) input.actor = std::move(person);
    else input.witnesses.push_back(std::move(person));
  }
  return input;
}

bool Conductor::fill(const CeremonyStep& step, Input& input) {
  const auto path = [&](std::string_view what, std::filesystem::path& into) {
    auto answer = ask(what);
    if (answer) into = *answer;
    return answer.has_value();
  };
  if (step.asks) {
    auto answer = ask(*step.asks);
    if (!answer) return false;
    input.value = *std::move(answer);
    return true;
  }
  switch (step.kind) {
    case StepKind::digest: return path("file " + step.file.value_or(""), input.file);
    case StepKind::sign_request:
    case StepKind::sign_crl:
      return path("request file", input.file) &&
             (!run_.wants_certificate(step) || path("certificate of the CA", input.certificate));
    case StepKind::export_files: return path("folder to export to", input.file);
    default: return ask("press Enter when it is to be done").has_value();
  }
}

void Conductor::show(const CeremonyStep& step) {
  const auto& transcript = run_.transcript();
  terminal_.out << "\nStep " << transcript.done().size() + 1 << " of " << transcript.script().steps.size() << ": "
                << step.id << " (" << keys::name_of(step.kind) << ")\n"
                << step.text << "\nacts         " << step.actor << "\nwitness      " << keys::joined(step.witnesses)
                << "\n";
  if (const auto expected = transcript.expected_of(step)) terminal_.out << "expected     " << *expected << "\n";
}

void Conductor::show_done() {
  const auto& record = *run_.transcript().pending();
  terminal_.out << "\noutcome      " << name_of(record.outcome) << "\n";
  if (record.actual) terminal_.out << "actual       " << *record.actual << "\n";
  if (record.reason) terminal_.out << "reason       " << *record.reason << "\n";
  for (const auto* name : {"certificate", "crl"}) {
    const auto der = from_base64(keys::text_at(record.result, name));
    if (!der || der->empty()) continue;
    terminal_.out << "made         " << name << " " << to_hex(crypto::sha256({*der})) << "\n";
    const auto certificate = crypto::x509::certificate_of(*der);
    if (certificate)
      terminal_.out << "subject      " << certificate->subject.text() << "\nuntil        "
                    << format_rfc3339(certificate->validity.not_after) << "\n";
  }
  terminal_.out << "line         " << to_hex(record.hash) << "\n";
}

Result<bool> Conductor::confirm_as(const std::string& person) {
  auto decision = keys::Decision::approve;
  for (;;) {
    HF_TRY(const auto statement, run_.statement(person, decision));
    const auto path = (run_.folder() / "statement").string();
    HF_CHECK(write_file(path, bytes_of(keys::canonical(statement))));
    const auto answer = ask(person + (decision == keys::Decision::approve ? " confirms: signs " : " rejects: signs ") +
                            path + "; the signature's file (else " + path + ".sig)");
    if (!answer) return false;
    if (*answer == "reject") {
      decision = keys::Decision::reject;
      continue;
    }
    constexpr std::size_t kSignatureMax = 64U << 10;
    const auto file = read_file(answer->empty() ? path + ".sig" : *answer, kSignatureMax);
    if (!file) {
      terminal_.out << file.error().message << "\n";
      continue;
    }
    const auto done = run_.confirm(approval_by(run_.transcript().script(), statement, *file));
    if (done) return true;
    if (done.error().code != "HF-CEREMONY-0011") return fail(done.error());
    terminal_.out << done.error().code << ": " << done.error().message << "\n";
  }
}

// All who are awaited, the actor first. False: the input ended.
Result<bool> Conductor::confirm() {
  show_done();
  while (run_.transcript().pending()) {
    HF_TRY(const auto confirmed, confirm_as(run_.transcript().pending()->awaited().front()));
    if (!confirmed) return false;
  }
  return true;
}

Result<void> Conductor::go_on() {
  for (;;) {
    if (run_.transcript().pending()) {
      HF_TRY(const auto confirmed, confirm());
      if (!confirmed) return {};
    }
    const auto* const step = run_.transcript().next();
    if (!step) return {};
    show(*step);
    auto input = people_of(*step);
    if (!input || !fill(*step, *input)) return {};
    const auto done = run_.perform(*input);
    if (done) continue;
    if (done.error().code != "HF-CEREMONY-0009") return done;
    terminal_.out << done.error().code << ": " << done.error().message << "\n";
  }
}

Result<void> Conductor::except(std::string_view reason) {
  const auto* const step = run_.transcript().next();
  auto input = step ? people_of(*step) : std::optional(Input());
  return input ? run_.except(*input, reason) : Result<void>();
}

Result<void> Conductor::abandon(std::string_view reason) {
  const auto* const step = run_.transcript().next();
  auto input = step ? people_of(*step) : std::optional(Input());
  return input ? run_.abandon(*input, reason) : Result<void>();
}

}  // namespace hf::ceremony
