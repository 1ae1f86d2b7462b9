#include <algorithm>

#include "pki/path.h"
#include "pki/pki_test.h"
#include "pki/revocation.h"

namespace hf::pki {
namespace {
using namespace fixture;

Wish names_wish(std::string_view host) {
  return {"2.5.29.17", der::value(der::kSequence, {der::value(der::context_primitive(2), {bytes_of(host)})})};
}

struct Kind {
  std::string_view profile, subject;
};
const std::vector<Kind> kLeaves{{"idevid", "serialNumber=GW200-000001,CN=gateway"},
                                {"ldevid", "serialNumber=GW200-000001"},
                                {"operational-client", "CN=gw200-000001"},
                                {"firmware-signer", "CN=Firmware 2026,O=Example"},
                                {"tsa", "CN=Time Stamps,O=Example"},
                                {"ocsp-responder", "CN=OCSP 2026-11"}};

TEST(Issue, EveryLeafProfileIsLintedVerifiedAndAcceptedByOpenssl) {
  HF_NEED_TOOL("openssl", "openssl");
  const auto top = root();
  const auto ca = subordinate(top);
  const TempDir dir;
  write_file(dir.path() / "root.pem", pem(top.certificate));
  write_file(dir.path() / "ca.pem", pem(ca.certificate));
  for (const auto& [profile, subject] : kLeaves) {
    const TestKey key(KeyAlgorithm::ecdsa_p256);
    const auto certificate = issued(template_of(ca, profile), ca.key, request(key, subject));
    const Subject judged(certificate);
    for (const auto& finding : lint(judged)) EXPECT_NE(finding.severity, Severity::error) << finding.message;
    EXPECT_TRUE(check_profile(judged, *find_profile(profile)).empty()) << profile;
    EXPECT_EQ(certificate.subject.der.size(), name_of_text(subject)->size());

    std::vector<Certificate> roots, between;
    roots.push_back(x509::certificate_of(top.certificate.der).value());
    between.push_back(x509::certificate_of(ca.certificate.der).value());
    PathFinder finder(roots, between, {});
    const auto answer = finder.find(certificate, {.at = kNow, .purposes = find_profile(profile)->path_purposes});
    EXPECT_TRUE(answer.holds()) << profile << (answer.findings.empty() ? "" : answer.findings[0].finding.message);

    write_file(dir.path() / "leaf.pem", pem(certificate));
    const auto openssl =
        run("cd " + dir.path().string() +
            " && openssl verify -x509_strict -check_ss_sig -attime 1795000000 -CAfile root.pem -untrusted "
            "ca.pem leaf.pem && openssl x509 -in leaf.pem -noout -text");
    EXPECT_EQ(openssl.exit, 0) << profile << openssl.output;
  }
}

TEST(Issue, MatterCertificatesAreAsTheSpecificationHasThem) {
  const auto paa = root("matter-paa", "CN=Example PAA,matterVendorId=FFF1");
  const auto pai = subordinate(paa, "matter-pai", "CN=Example PAI,matterVendorId=FFF1,matterProductId=8000");
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto dac = issued(template_of(pai, "matter-dac"), pai.key,
                          request(key, "CN=DAC 1,matterVendorId=FFF1,matterProductId=8000"));
  EXPECT_EQ(dac.extension("2.5.29.31"), nullptr);
  EXPECT_EQ(format_rfc3339(dac.validity.not_after), "9999-12-31T23:59:59Z");
  EXPECT_TRUE(dac.basic_constraints && !dac.is_ca());
  const auto form = template_of(pai, "matter-dac", {.crls = {"http://crl.example.com/1"}});
  EXPECT_EQ(issued(form, pai.key, request(key, "CN=D,matterVendorId=FFF1,matterProductId=8000")).extension("2.5.29.31"),
            nullptr)
      << "Matter publishes its lists on the DCL";
  for (const auto* subject : {"CN=D,matterVendorId=fff1,matterProductId=8000", "CN=D,matterVendorId=FFF1",
                              "CN=D,matterVendorId=FFF10,matterProductId=8000"})
    EXPECT_EQ(form.certificate(request(key, subject), {.from = kNow}).error().code, "HF-PKI-0005") << subject;
}

TEST(Issue, Abuse31NothingThatARequestSmugglesInIsIssued) {
  const auto ca = root();
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto form = template_of(ca, "operational-client");
  const Bytes yes{0x01, 0x01, 0xff};
  const auto server = der::value(der::kSequence, {der::oid("1.3.6.1.5.5.7.3.1")});
  const auto client = der::value(der::kSequence, {der::oid("1.3.6.1.5.5.7.3.2")});
  const auto ca_true = der::value(der::kSequence, {yes});
  const Bytes cert_sign{0x03, 0x02, 0x02, 0x04}, null{0x05, 0x00};
  const std::vector<Wish> bad{{"2.5.29.19", ca_true, true},   {"2.5.29.37", server},
                              {"2.5.29.15", cert_sign, true}, {"2.5.29.30", der::value(der::kSequence, {null})},
                              {"1.3.6.1.4.1.55738.1", null},  names_wish("bad..name"),
                              names_wish(".example.com")};
  for (const auto& wish : bad)
    EXPECT_EQ(form.certificate(request(key, "CN=gw-1", {wish}), {.from = kNow}).error().code, "HF-PKI-0005")
        << wish.oid;
  EXPECT_TRUE(form.certificate(request(key, "CN=gw-1", {{"2.5.29.37", client}}), {.from = kNow}));
  const auto named = issued(form, ca.key, request(key, "CN=gw-1", {names_wish("gw-1.example.com")}));
  EXPECT_EQ((*named.subject_alternative_names)[0].text(), "DNS:gw-1.example.com");
  EXPECT_EQ(form.certificate(request(key, "CN=gw-1,O=Else"), {.from = kNow}).error().code, "HF-PKI-0005");
  EXPECT_EQ(form.certificate(request(key, "CN=gw 1"), {.from = kNow}).error().code, "HF-PKI-0005");
  EXPECT_EQ(form.certificate(request(TestKey(KeyAlgorithm::ecdsa_p256), ""), {.from = kNow}).error().code,
            "HF-PKI-0005");
}

TEST(Issue, Abuse30PossessionIsProvenByTheKeyItself) {
  const TestKey key(KeyAlgorithm::ecdsa_p256), other(KeyAlgorithm::ecdsa_p256);
  EXPECT_TRUE(proves_possession(request(key, "CN=a")));
  EXPECT_FALSE(proves_possession(x509::request_of(request_der(key, "CN=a", {}, &other)).value()));
  auto flipped = request_der(key, "CN=a");
  flipped.back() ^= 1;
  const auto read = x509::request_of(flipped);
  EXPECT_FALSE(read && proves_possession(*read));
}

TEST(Issue, Abuse36NothingOutlivesItsCaAndAPathLengthHolds) {
  const auto top = root();
  const auto ca = subordinate(top);
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto form = template_of(ca, "operational-client");
  const auto late = ca.certificate.validity.not_after - std::chrono::hours(24);
  const auto cut = form.certificate(request(key, "CN=a"), {.from = late});
  ASSERT_TRUE(cut);
  EXPECT_EQ(x509::certificate_of(sign(ca.key, *cut))->validity.not_after, ca.certificate.validity.not_after);
  EXPECT_EQ(
      form.certificate(request(key, "CN=a"), {.from = late, .until = late + std::chrono::hours(240)}).error().code,
      "HF-PKI-0005");
  EXPECT_EQ(Template::of(*find_profile("issuing-ca"), ca.certificate, SignatureScheme::ecdsa_p256_sha256).error().code,
            "HF-PKI-0006");
  const auto leaf = issued(form, ca.key, request(key, "CN=a"));
  EXPECT_EQ(Template::of(*find_profile("idevid"), leaf, SignatureScheme::ecdsa_p256_sha256).error().code,
            "HF-PKI-0006");
}

TEST(Issue, Abuse29RequestsAreBounded) {
  EXPECT_EQ(x509::request_of(Bytes(x509::kRequestMax + 1, 0x30)).error().code, "HF-X509-0003");
  Bytes deep;
  for (int i = 0; i < 10'000; ++i) deep.insert(deep.begin(), {0x30, 0x80});
  EXPECT_EQ(x509::request_of(deep).error().code, "HF-X509-0003") << "indefinite lengths";
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  std::vector<Bytes> many(1'001, der::value(der::context_primitive(2), {bytes_of("a.example.com")}));
  const auto ca = root();
  const auto wish = Wish{"2.5.29.17", der::value(der::kSequence, many)};
  EXPECT_EQ(template_of(ca, "idevid").certificate(request(key, "serialNumber=1", {wish}), {.from = kNow}).error().code,
            "HF-PKI-0005");
  for (const auto& good : {request_der(key, "CN=a", {names_wish("a")})})
    for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(x509::request_of(ByteView(good).first(size)));
}

TEST(Issue, OpensslsRequestsAreRead) {
  HF_NEED_TOOL("openssl", "openssl");
  const TempDir dir;
  for (const auto* algorithm : {"EC -pkeyopt ec_paramgen_curve:P-256", "EC -pkeyopt ec_paramgen_curve:P-384", "ED25519",
                                "RSA -pkeyopt rsa_keygen_bits:2048"}) {
    const auto made = run("cd " + dir.path().string() + " && openssl genpkey -algorithm " + algorithm +
                          " -out k.pem && openssl req -new -key k.pem -subj /serialNumber=A1 -addext "
                          "subjectAltName=DNS:a.example.com -outform DER -out r.der");
    ASSERT_EQ(made.exit, 0) << made.output;
    const auto read = x509::request_of(keys::fixture::read_file(dir.path() / "r.der"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(proves_possession(*read)) << algorithm;
    const auto ca = root("root-ca", "CN=Root,O=Example", KeyAlgorithm::ecdsa_p384);
    EXPECT_TRUE(template_of(ca, "ldevid").certificate(*read, {.from = kNow})) << algorithm;
  }
}

TEST(Crl, IsReadByOpensslAndByUs) {
  HF_NEED_TOOL("openssl", "openssl");
  const auto ca = root();
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto form = template_of(ca, "idevid");
  const auto lost = issued(form, ca.key, request(key, "serialNumber=1"));
  const auto kept = issued(form, ca.key, request(TestKey(KeyAlgorithm::ecdsa_p256), "serialNumber=2"));
  const std::vector<RevokedEntry> revoked{{Bytes(lost.serial.begin(), lost.serial.end()), kNow, 1}};
  const auto week = std::chrono::hours(168);
  const auto tbs = crl(ca.certificate, SignatureScheme::ecdsa_p256_sha256, 7, kNow, kNow + week, revoked).value();
  const auto list = x509::crl_of(sign(ca.key, tbs)).value();
  const Subject issuer(ca.certificate);
  const auto found = look_up(list, lost, issuer, kNow);
  EXPECT_EQ(found.fault, "");
  ASSERT_NE(found.revoked, nullptr);
  EXPECT_EQ(found.revoked->reason, 1U);
  EXPECT_EQ(look_up(list, kept, issuer, kNow).revoked, nullptr);
  EXPECT_TRUE(look_up(list, kept, issuer, kNow).answers);
  EXPECT_EQ(look_up(list, kept, issuer, kNow + week + std::chrono::hours(1)).rule, "crl.current");
  const auto empty = crl(ca.certificate, SignatureScheme::ecdsa_p256_sha256, 8, kNow, kNow + week, {}).value();
  EXPECT_TRUE(x509::crl_of(sign(ca.key, empty)));

  const TempDir dir;
  write_file(dir.path() / "ca.pem", pem(ca.certificate));
  write_file(dir.path() / "lost.pem", pem(lost));
  write_file(dir.path() / "kept.pem", pem(kept));
  write_file(dir.path() / "crl.der", list.der);
  const auto openssl =
      run("cd " + dir.path().string() +
          " && openssl crl -in crl.der -inform DER -out crl.pem && openssl verify -crl_check -x509_strict "
          "-attime 1795000000 -CAfile ca.pem -CRLfile crl.pem kept.pem && ! openssl verify -crl_check "
          "-attime 1795000000 -CAfile ca.pem -CRLfile crl.pem lost.pem");
  EXPECT_EQ(openssl.exit, 0) << openssl.output;
}

TEST(Names, AreWrittenInTheTypesOfTheirAttributes) {
  const auto der = name_of_text("CN=A\\, B,serialNumber=1,C=DE").value();
  const auto name = x509::name_of_der(der).value();
  EXPECT_EQ(name.text(), "CN=A\\, B,serialNumber=1,C=DE");
  EXPECT_EQ(name.rdns[0][0].tag, 0x13) << "a country is a PrintableString, and comes first";
  for (const auto* bad : {"", "CN", "CN=", "XX=1", "CN=a,", "CN=a\\"})
    EXPECT_EQ(name_of_text(bad).error().code, "HF-PKI-0007") << bad;
}

TEST(Profiles, AreRightAndClosed) {
  EXPECT_EQ(profiles().size(), embedded_profiles().size());
  for (const auto& [name, text] : embedded_profiles()) EXPECT_EQ(find_profile(name)->name, name);
  auto json = parse_json(embedded_profiles()[0].second)->as_object();
  json["exra"] = 1;
  EXPECT_EQ(profile_of(json).error().code, "HF-PKI-0001");
  EXPECT_EQ(profile_named("none").error().code, "HF-PKI-0002");
}

}  // namespace
}  // namespace hf::pki
