// People, a charter and a format for the tests of this domain.
#pragma once

#include "keys/authorize.h"
#include "support/authenticator.h"

namespace hf::keys::test {

// Evidence is the JSON of a view's parts; what is signed is the evidence itself.
class TextFormat final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "text"; }
  [[nodiscard]] std::string_view summary() const override { return "for tests"; }
  [[nodiscard]] std::span<const crypto::SignatureScheme> schemes() const override { return {}; }
  [[nodiscard]] bool recognizes(ByteView) const override { return false; }
  [[nodiscard]] Result<Bytes> evidence(const std::filesystem::path&, const JsonObject&) const override {
    return Bytes{};
  }
  [[nodiscard]] Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto json, parse_json(text_of(evidence)));
    View view;
    view.format = "text";
    const auto& object = json.as_object();
    view.kind = object.contains("kind") ? std::string(object.at("kind").as_string()) : std::string("firmware");
    if (const auto* version = object.if_contains("security_version"))
      view.security_version = std::uint64_t(version->as_int64());
    if (const auto* name = object.if_contains("for")) view.compatible.emplace_back(name->as_string());
    view.digest_only = object.if_contains("digest_only") != nullptr;
    view.facts = object;
    return view;
  }
  [[nodiscard]] Result<ToSign> to_sign(ByteView evidence, const SigningContext&) const override {
    return ToSign{Bytes(evidence.begin(), evidence.end()), false};
  }
  [[nodiscard]] Result<void> assemble(const std::filesystem::path&, ByteView, const SigningContext&, ByteView,
                                      const std::filesystem::path&) const override {
    return {};
  }
  [[nodiscard]] Result<View> verify(const SignedFile&, const Trust&) const override { return View{}; }
};
inline const Format* find_text_format(std::string_view name) {
  static const TextFormat format;
  return name == "text" ? &format : nullptr;
}

inline const Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::hours(8);

struct Person {
  std::string name;
  std::vector<std::string> roles;
  hf::test::TestKey key{crypto::KeyAlgorithm::ecdsa_p256};
};

// Four approvers: ann and bob are officers, cid is an officer and a release manager, dan is a release manager.
struct Cast {
  Person ann{"user:1", {"officer"}}, bob{"user:2", {"officer"}}, cid{"user:3", {"officer", "release"}},
      dan{"user:4", {"release"}};

  [[nodiscard]] static Approver approver(const Person& person) {
    return {.person = person.name,
            .name = person.name,
            .roles = person.roles,
            .kind = CredentialKind::key,
            .key = person.key.key()};
  }

  // Two of the officers; once, by anyone, in the format "text".
  [[nodiscard]] Charter charter() const {
    Charter charter{.key = "px-fw",
                    .key_class = KeyClass::firmware,
                    .environment = Environment::test,
                    .owner = "user:1",
                    .deputy = "user:2",
                    .versions = {{.version = 1,
                                  .algorithm = crypto::KeyAlgorithm::ecdsa_p256,
                                  .id = {1, 2, 3},
                                  .fingerprint = {7},
                                  .state = VersionState::active}},
                    .policy = {.formats = {"text"}, .schemes = {crypto::SignatureScheme::ecdsa_p256_sha256}},
                    .approval = {.steps = {{.name = "officers", .roles = {"officer"}, .needed = 2}}},
                    .grants = {.signatures = 100, .days = 30}};
    for (const auto* person : {&ann, &bob, &cid, &dan}) charter.approvers.push_back(approver(*person));
    return charter;
  }
};

inline Bytes evidence_of(std::string_view json) { return {json.begin(), json.end()}; }

inline SigningRequest request_for(const Charter& charter, ByteView evidence, Time now = kNow) {
  return {.kind = RequestKind::sign,
          .id = std::string(32, 'a'),
          .key = charter.key,
          .key_version = 1,
          .charter = digest_of(charter),
          .requester = "token:9",
          .person = "user:9",
          .reason = "release 1.2",
          .created_at = now,
          .expires_at = now + std::chrono::hours(charter.approval.hours),
          .product = "px",
          .scheme = crypto::SignatureScheme::ecdsa_p256_sha256,
          .artifact = Artifact{"fw.bin", 3, std::string(64, '0')},
          .evidence_sha256 = to_hex(crypto::sha256({evidence})),
          .view = to_json(find_text_format("text")->view(evidence).value())};
}

inline Approval approval_by(const Person& person, const SigningRequest& request, Decision decision = Decision::approve,
                            Time at = kNow) {
  Approval approval{.statement = {digest_of(request), decision, person.name, at}, .kind = CredentialKind::key};
  approval.signature =
      person.key.sign(crypto::SignatureScheme::ecdsa_p256_sha256, bytes_of(canonical(approval.statement)));
  return approval;
}

inline Use use_of(const SigningRequest& request, ByteView evidence) {
  return {.requester = request.requester,
          .branch = request.branch,
          .product = request.product,
          .scheme = request.scheme,
          .view = find_text_format("text")->view(evidence).value(),
          .evidence_sha256 = to_hex(crypto::sha256({evidence})),
          .break_glass = request.break_glass};
}

// The rules of what is lacking, with commas.
inline std::string rules_of(const std::vector<Lack>& lacks) {
  std::string rules;
  for (const auto& lack : lacks) rules += (rules.empty() ? "" : ",") + lack.rule;
  return rules;
}

}  // namespace hf::keys::test
