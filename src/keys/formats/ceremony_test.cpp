// Scripts of ceremonies and requests to offline CAs: what people see of them, and what is refused.
#include "keys/formats/ca_request.h"
#include "keys/formats/ceremony_script.h"
#include "keys/formats/dsse_envelope.h"
#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"
#include "keys/keys_test.h"

namespace hf::keys {
namespace {
using namespace fixture;

CeremonyScript script() {
  static const hf::test::TestKey dan(crypto::KeyAlgorithm::ecdsa_p256), eva(crypto::KeyAlgorithm::ecdsa_p256);
  CeremonyScript made{.title = "Root",
                      .purpose = "make it",
                      .place = "Brno",
                      .classes = {KeyClass::device_ca},
                      .environment = Environment::test,
                      .roles = {{"administrator"}, {"witness"}}};
  made.people = {{.person = "dan", .name = "Dan", .roles = {"administrator"}, .key = dan.key()},
                 {.person = "eva", .name = "Eva", .roles = {"witness"}, .key = eva.key()}};
  made.steps = {{.id = "key",
                 .kind = StepKind::generate_key,
                 .actor = "administrator",
                 .witnesses = {"witness"},
                 .text = "make",
                 .key = "root",
                 .algorithm = crypto::KeyAlgorithm::ecdsa_p384},
                {.id = "root",
                 .kind = StepKind::self_sign_root,
                 .actor = "administrator",
                 .witnesses = {"witness"},
                 .text = "sign",
                 .key = "root",
                 .profile = "root-ca",
                 .profile_sha256 = std::string(64, 'd'),
                 .subject = "CN=Root,O=Example",
                 .out = "root.pem"},
                {.id = "sign",
                 .kind = StepKind::sign_request,
                 .actor = "administrator",
                 .witnesses = {"witness"},
                 .text = "sign",
                 .key = "root",
                 .profile = "issuing-ca",
                 .profile_sha256 = std::string(64, 'e'),
                 .ca_step = "root",
                 .out = "ca.pem"},
                {.id = "export",
                 .kind = StepKind::export_files,
                 .actor = "administrator",
                 .witnesses = {"witness"},
                 .text = "carry",
                 .of = {"root", "sign"}}};
  return made;
}

std::string problem_of(const std::string& text) {
  const auto read = ceremony_script_of(bytes_of(text));
  return read ? "none" : read.error().message;
}

TEST(CeremonyScript, ReadsBackWhatWasWritten) {
  const auto read = ceremony_script_of(bytes_of(canonical(script())));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, script());
  EXPECT_EQ(problem_of(canonical(script()) + "\n"),
            "not a ceremony's script: it is not canonical JSON (RFC 8785) of its value");
}

TEST(CeremonyScript, IsRefusedWithThePlaceOfEveryFault) {
  struct Case {
    std::string_view why;
    std::function<void(CeremonyScript&)> change;
  };
  const Case cases[] = {
      {"/title: is empty", [](auto& s) { s.title.clear(); }},
      {"/classes: names at least one", [](auto& s) { s.classes.clear(); }},
      {"/steps: a ceremony has at least one step", [](auto& s) { s.steps.clear(); }},
      {"/roles/0/needed: there are not 2 people", [](auto& s) { s.roles[0].needed = 2; }},
      {"/roles/1/name: stands twice", [](auto& s) { s.roles[1].name = "administrator"; }},
      {"/people/0/roles: there is no role pilot", [](auto& s) { s.people[0].roles = {"pilot"}; }},
      {"has another role beside",
       [](auto& s) {
         s.people[0].roles = {"administrator", "witness"};
       }},
      {"has another role beside",
       [](auto& s) {
         s.people.push_back({.person = "dan", .name = "Dan", .roles = {"witness"}, .key = s.people[0].key});
       }},
      {"/people/1: two people have the same key", [](auto& s) { s.people[1].key = s.people[0].key; }},
      {"would not be different ones",
       [](auto& s) {
         s.roles = {{"administrator", 1, false}, {"witness", 1, false}};
         s.people = {s.people[0]};
         s.people[0].roles = {"administrator", "witness"};
       }},
      {"/steps/0/witnesses: a step has at least one witness", [](auto& s) { s.steps[0].witnesses.clear(); }},
      {"/steps/0/witnesses: there are not 2 people",
       [](auto& s) {
         s.steps[0].witnesses = {"witness", "witness"};
       }},
      {"/steps/0/actor: there is no role pilot", [](auto& s) { s.steps[0].actor = "pilot"; }},
      {"/steps/1/id: stands twice", [](auto& s) { s.steps[1].id = "key"; }},
      {"/steps/0/id: takes letters", [](auto& s) { s.steps[0].id = "a/b"; }},
      {"/steps/0/algorithm: a step of the kind generate_key has one", [](auto& s) { s.steps[0].algorithm.reset(); }},
      {"/steps/0/subject: a step of the kind generate_key has none", [](auto& s) { s.steps[0].subject = "CN=x"; }},
      {"/steps/0/expected: a step of the kind generate_key has none", [](auto& s) { s.steps[0].expected = "x"; }},
      {"/steps/1/key: no earlier step makes this key", [](auto& s) { s.steps[1].key = "other"; }},
      {"/steps/1/profile_sha256: a SHA-256", [](auto& s) { s.steps[1].profile_sha256 = std::string(64, 'D'); }},
      {"/steps/1/out: is a file's name", [](auto& s) { s.steps[1].out = "../root.pem"; }},
      {"/steps/1/out: is a file's name", [](auto& s) { s.steps[1].out = ".hidden"; }},
      {"/steps/2/out: an earlier step has a file", [](auto& s) { s.steps[2].out = "root.pem"; }},
      {"/steps/2/ca_step: the CA is named by", [](auto& s) { s.steps[2].ca_sha256 = std::string(64, 'a'); }},
      {"/steps/2/ca_step: is no earlier step of a root", [](auto& s) { s.steps[2].ca_step = "key"; }},
      {"/steps/2/key: is not the key of that root", [](auto& s) { s.steps[2].key = "other"; }},
      {"/steps/3/of: export is no earlier step", [](auto& s) { s.steps[3].of = {"export"}; }},
      {"/steps/3/of: root is no earlier step of which a file comes, or stands twice",
       [](auto& s) {
         s.steps[3].of = {"root", "root"};
       }},
      {"/not_after: is not after", [](auto& s) { s.not_before = s.not_after = kSigningTime; }},
  };
  for (const auto& one : cases) {
    auto changed = script();
    one.change(changed);
    const auto problem = problem_of(canonical(changed));
    EXPECT_NE(problem.find(one.why), std::string::npos) << one.why << ": " << problem;
  }
}

TEST(CeremonyScript, IsShownWholeBeforeItIsApproved) {
  const auto* const format = find_format("ceremony-script");
  ASSERT_NE(format, nullptr);
  const hf::test::TempDir dir;
  write_file(dir.path() / "script.json", canonical(script()));
  const auto evidence = format->evidence(dir.path() / "script.json", {});
  ASSERT_TRUE(evidence) << evidence.error().message;
  const auto view = format->view(*evidence).value();
  EXPECT_EQ(view.kind, "ceremony_script");
  const auto shown = to_text(view.facts);
  for (const auto* seen : {"Brno", "dan", "Eva", "CN=Root,O=Example", "ecdsa-p384", "issuing-ca", "root.pem", "ca.pem"})
    EXPECT_NE(shown.find(seen), std::string::npos) << seen;
  EXPECT_EQ(view.facts.at("script_sha256"), Json(digest_of(script())));
  EXPECT_EQ(recognize_format(dir.path() / "script.json").value()->name(), "ceremony-script");
}

CaRequest crl_request() {
  return {.id = std::string(32, 'a'),
          .ca_sha256 = std::string(64, 'b'),
          .reason = "quarterly",
          .requested_at = kSigningTime,
          .wish = CrlWish{.number = 7, .hours = 24, .revoked = {{"01ff", kSigningTime, 1}, {"7f", kSigningTime, 4}}}};
}

TEST(CaRequest, ReadsBackAndIsHeldAgainstItself) {
  EXPECT_EQ(ca_request_of(bytes_of(canonical(crl_request()))).value(), crl_request());
  struct Case {
    std::string_view why;
    std::function<void(CrlWish&)> change;
  };
  const Case cases[] = {
      {"/crl/number", [](auto& w) { w.number = 0; }},
      {"/crl/hours", [](auto& w) { w.hours = 0; }},
      {"/crl/revoked/0/serial: a positive", [](auto& w) { w.revoked[0].serial = "ff"; }},
      {"/crl/revoked/0/serial: a positive", [](auto& w) { w.revoked[0].serial = "0"; }},
      {"/crl/revoked/1/serial: they come in order", [](auto& w) { w.revoked[1].serial = "01ff"; }},
      {"/crl/revoked/0/reason", [](auto& w) { w.revoked[0].reason = 6; }},
      {"/crl/revoked/0/reason", [](auto& w) { w.revoked[0].reason = 8; }},
  };
  for (const auto& one : cases) {
    auto changed = crl_request();
    one.change(std::get<CrlWish>(changed.wish));
    const auto read = ca_request_of(bytes_of(canonical(changed)));
    ASSERT_FALSE(read) << one.why;
    EXPECT_EQ(read.error().code, "HF-CEREMONY-0002");
    EXPECT_NE(read.error().message.find(one.why), std::string::npos) << one.why << ": " << read.error().message;
  }
  auto certificate = crl_request();
  certificate.wish = CertificateWish{.csr = {1, 2, 3}, .profile = "issuing-ca", .profile_sha256 = std::string(64, 'c')};
  EXPECT_EQ(ca_request_of(bytes_of(canonical(certificate))).error().code, "HF-CEREMONY-0002") << "that is no PKCS #10";
}

}  // namespace
}  // namespace hf::keys
