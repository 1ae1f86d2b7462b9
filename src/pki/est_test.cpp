// EST against real clients: curl and strongSwan's pki, over TLS, on both engines.
#include "pki/est.h"

#include <atomic>
#include <thread>

#include "net/server_fixture.h"
#include "pki/http_est.h"
#include "pki/registry_test.h"

namespace hf::pki {
namespace {
using namespace fixture;

TEST(EstBodies, AreReadAsClientsWriteThem) {
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto csr = request_der(key, "serialNumber=A1");
  const auto base64 = to_base64(csr);
  std::string broken;
  for (std::size_t i = 0; i < base64.size(); i += 7) broken += base64.substr(i, 7) + (i % 2 == 0 ? "\r\n" : "\n \t");
  const auto pem = crypto::pem_of("CERTIFICATE REQUEST", csr);
  for (const auto& body : {base64, base64 + "\n", est_text(csr), broken, pem, std::string(text_of(csr))})
    EXPECT_EQ(est_body(body).value_or(Bytes()), csr) << body;
  for (const auto& body : {std::string(), std::string("\r\n"), std::string("MII?"), base64.substr(1), pem + pem,
                           std::string(kEstBodyMax + 1, 'A')})
    EXPECT_EQ(est_body(body).error().code, "HF-PKI-0032") << body.substr(0, 20);
}

TEST(EstBodies, CertificatesAloneAreReadByOpenssl) {
  HF_NEED_TOOL("openssl", "openssl");
  const auto top = root();
  const auto below = subordinate(top);
  const TempDir dir;
  write_file(dir.path() / "certs.p7", certs_only(std::vector{top.certificate.der, below.certificate.der}));
  const auto read = run("cd " + dir.path().string() + " && openssl pkcs7 -inform DER -in certs.p7 -print_certs -noout");
  EXPECT_EQ(read.exit, 0) << read.output;
  EXPECT_NE(read.output.find("Example Root CA"), std::string::npos);
  EXPECT_NE(read.output.find("Example Device CA"), std::string::npos);
  write_file(dir.path() / "attributes.der", csr_attributes(*find_profile("idevid")));
  const auto parsed = run("cd " + dir.path().string() + " && openssl asn1parse -inform DER -in attributes.der");
  EXPECT_NE(parsed.output.find("prime256v1"), std::string::npos) << parsed.output;
  EXPECT_NE(parsed.output.find("serialNumber"), std::string::npos) << parsed.output;
}

class Enrolling : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const auto* tool : {"curl", "openssl"})
      if (!keys::fixture::has_tool(tool)) GTEST_SKIP() << "needs " << tool;
    open_ca();
    enrolment_ = std::make_unique<Enrolment>(registry_, service_.get(), *database_, clock_);
    set_label("default");
    accounts::Settings settings;
    settings.password_cost = {.memory_kib = 64, .passes = 1, .lanes = 1};
    people_ = std::make_unique<accounts::Service>(*database_, clock_, settings);
    const auto link = people_->setup_link().value();
    const auto ada = people_->set_up(
        link->text(),
        {.name = "ada", .password = "correct horse battery", .roles = {"administrator", "fleet_operator"}});
    ASSERT_TRUE(ada) << ada.error().message;
    token_ = token_of(ada->id, "pki.enroll");
    weak_token_ = token_of(ada->id, "fleet.read");
    api_ = std::make_unique<EstApi>(EstApi{*enrolment_, *people_});
    server_ = serve(*api_);
    write_file(dir_.path() / "root.pem", pem(root_));
    write_file(dir_.path() / "ca.pem", hf::test::certificate_pem(registry_.authority("devices")->stored.certificate));
  }
  void set_label(const std::string& label, bool approval = false, std::string_view profile = "idevid") {
    const auto done = enrolment_->add({.label = label,
                                       .authority = "devices",
                                       .profile = std::string(profile),
                                       .grant = grant_of("devices", {"x509"}, 1'000, std::string(kEstRequester)),
                                       .approval = approval,
                                       .trust = pem(root_)},
                                      actor_);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::string token_of(accounts::AccountId owner, const std::string& scope) {
    const auto made = people_->create_token({"user:1", "administrator"}, owner, {.name = scope, .scopes = {scope}});
    EXPECT_TRUE(made) << made.error().message;
    return std::string(made->secret->text());
  }
  std::unique_ptr<net::Server> serve(const EstApi& api, net::RateLimiter* limiter = nullptr) {
    const TestKey key(KeyAlgorithm::ecdsa_p256);
    const auto names = der::value(der::kSequence, {der::value(der::context_primitive(2), {bytes_of("localhost")})});
    const auto form = Template::of(*find_profile("server"), root_, SignatureScheme::ecdsa_p256_sha256).value();
    const auto tbs =
        form.certificate(request(key, "CN=localhost", {{"2.5.29.17", names}}), {.from = clock_.now() - 1h});
    EXPECT_TRUE(tbs) << tbs.error().message;
    net::Listener listener{.name = "device", .workers = 2};
    // As a listener for devices has it: whatever certificate the client shows, its key is proved.
    listener.tls = {.mode = net::TlsMode::mutual_optional,
                    .certificate_chain_pem = hf::test::certificate_pem(sign(root_key_, *tbs)),
                    .private_key_pem = key.private_pem(),
                    .accept_unverified = true};
    listener.serves =
        std::make_shared<net::Pipeline>(net::Router(est_routes(api)), net::Stages{.per_address = limiter});
    std::vector<net::Listener> listeners;
    listeners.push_back(std::move(listener));
    auto started = net::Server::start(std::move(listeners), clock_);
    EXPECT_TRUE(started) << started.error().message << started.error().detail;
    return *std::move(started);
  }
  [[nodiscard]] std::string url(std::string_view path) const {
    return "https://localhost:" + std::to_string(server_->port("device")) + "/.well-known/est" + std::string(path);
  }
  // Status and body; what curl says beside.
  struct Asked {
    std::string status, body, head;
  };
  Asked curl(const std::string& more) {
    const auto ran =
        run("cd " + dir_.path().string() + " && curl -sS --cacert root.pem -o body -D head -w '%{http_code}' " + more);
    Asked asked{ran.output, {}, {}};
    const auto text = [&](const char* name) {
      return std::string(text_of(keys::fixture::read_file(dir_.path() / name)));
    };
    if (std::filesystem::exists(dir_.path() / "body")) asked.body = text("body");
    if (std::filesystem::exists(dir_.path() / "head")) asked.head = text("head");
    std::filesystem::remove(dir_.path() / "body");
    return asked;
  }
  Asked enrol(const std::string& path, ByteView csr, const std::string& more = {}) {
    write_file(dir_.path() / "csr.b64", est_text(csr));
    return curl("-H 'Content-Type: application/pkcs10' --data-binary @csr.b64 " + more + " " + url(path));
  }
  [[nodiscard]] std::string user() const { return "-u device:" + token_; }
  // The one certificate of an answer.
  Bytes issued_in(const Asked& asked) {
    EXPECT_EQ(asked.status, "200") << asked.body;
    const auto der = est_body(asked.body);
    if (!der) return {};
    write_file(dir_.path() / "answer.p7", *der);
    const auto read =
        run("cd " + dir_.path().string() +
            " && openssl pkcs7 -inform DER -in answer.p7 -print_certs -out answer.pem && openssl x509 -in answer.pem "
            "-outform DER -out answer.der");
    EXPECT_EQ(read.exit, 0) << read.output;
    return read.exit == 0 ? keys::fixture::read_file(dir_.path() / "answer.der") : Bytes();
  }
  // A device with its key and certificate in files NAME.key and NAME.pem.
  Bytes enrolled(const std::string& name, const TestKey& key, const std::string& subject,
                 const std::vector<fixture::Wish>& wishes = {}) {
    const auto der = issued_in(enrol("/simpleenroll", request_der(key, subject, wishes), user()));
    write_file(dir_.path() / (name + ".key"), key.private_pem());
    write_file(dir_.path() / (name + ".pem"), hf::test::certificate_pem(der));
    return der;
  }
  static std::string code_of(const Asked& asked) {
    const auto json = parse_json(asked.body);
    return json && json->is_object() ? std::string(json->at("code").as_string()) : asked.status + asked.body;
  }

  std::unique_ptr<Enrolment> enrolment_;
  std::unique_ptr<accounts::Service> people_;
  std::unique_ptr<EstApi> api_;
  std::unique_ptr<net::Server> server_;
  std::string token_, weak_token_, told_;
  std::atomic<bool> ended_ = false;
};
HF_BOTH_ENGINES(Enrolling);

TEST_P(Enrolling, ADeviceEnrolsAndRenews) {
  const auto asked = curl(url("/cacerts"));
  EXPECT_EQ(asked.status, "200");
  EXPECT_NE(asked.head.find("application/pkcs7-mime; smime-type=certs-only"), std::string::npos) << asked.head;
  EXPECT_EQ(curl(url("/default/cacerts")).body, asked.body);
  EXPECT_EQ(curl(url("/csrattrs")).status, "200");
  const TestKey key(KeyAlgorithm::ecdsa_p256), next(KeyAlgorithm::ecdsa_p256);
  const auto first = enrolled("a1", key, "serialNumber=A1");
  const auto certificate = x509::certificate_of(first).value();
  EXPECT_EQ(certificate.subject.text(), "serialNumber=A1");
  const auto held = run("cd " + dir_.path().string() + " && openssl verify -CAfile root.pem -untrusted ca.pem a1.pem");
  EXPECT_EQ(held.exit, 0) << held.output;
  // With another key, by the holder of the first one.
  const auto renewed =
      issued_in(enrol("/simplereenroll", request_der(next, "serialNumber=A1"), "--cert a1.pem --key a1.key"));
  EXPECT_NE(x509::certificate_of(renewed)->serial_text(), certificate.serial_text());
  EXPECT_EQ(registry_.certificates("devices", std::numeric_limits<std::int64_t>::max(), 10)->size(), 2U);
}

TEST_P(Enrolling, Abuse33OnlyItsOwnHolderRenewsACertificate) {
  const TestKey key(KeyAlgorithm::ecdsa_p256), other(KeyAlgorithm::ecdsa_p256), fresh(KeyAlgorithm::ecdsa_p256);
  const auto names = [](std::string_view host) {
    return fixture::Wish{"2.5.29.17",
                         der::value(der::kSequence, {der::value(der::context_primitive(2), {bytes_of(host)})})};
  };
  const auto own = enrolled("a1", key, "serialNumber=A1", {names("a1.example.com")});
  enrolled("a2", other, "serialNumber=A2");
  const std::string as_a1 = "--cert a1.pem --key a1.key", as_a2 = "--cert a2.pem --key a2.key";
  const auto renew = [&](const std::string& subject, const std::vector<fixture::Wish>& wishes, const std::string& who,
                         const std::string& path = "/simplereenroll") {
    return enrol(path, request_der(fresh, subject, wishes), who);
  };
  EXPECT_EQ(code_of(renew("serialNumber=A1", {names("a1.example.com")}, as_a2)), "HF-PKI-0036")
      << "another's certificate";
  EXPECT_EQ(code_of(renew("serialNumber=A1", {}, as_a1)), "HF-PKI-0036") << "without its names";
  EXPECT_EQ(code_of(renew("serialNumber=A1", {names("a2.example.com")}, as_a1)), "HF-PKI-0036") << "with other names";
  EXPECT_EQ(code_of(renew("serialNumber=a1", {names("a1.example.com")}, as_a1)), "HF-PKI-0036") << "nearly its subject";
  EXPECT_EQ(code_of(renew("serialNumber=A1", {names("a1.example.com")}, user())), "HF-PKI-0037")
      << "a token renews nothing";
  set_label("clients", false, "operational-client");
  EXPECT_EQ(code_of(renew("serialNumber=A1", {names("a1.example.com")}, as_a1, "/clients/simplereenroll")),
            "HF-PKI-0036")
      << "of another profile";
  // By a CA of the same name.
  const auto stranger = root("root-ca", "CN=Example Device CA,O=Example");
  const auto forged =
      issued(template_of(stranger, "idevid"), stranger.key, request(key, "serialNumber=A1"), clock_.now());
  write_file(dir_.path() / "forged.pem", pem(forged));
  EXPECT_EQ(code_of(renew("serialNumber=A1", {}, "--cert forged.pem --key a1.key")), "HF-PKI-0036");
  // Possession of a request's key does not come from its sender's certificate.
  EXPECT_EQ(
      code_of(enrol("/simplereenroll", request_der(fresh, "serialNumber=A1", {names("a1.example.com")}, &key), as_a1)),
      "HF-PKI-0010");
  // Revoked, then.
  EXPECT_EQ(renew("serialNumber=A1", {names("a1.example.com")}, as_a1).status, "200");
  ASSERT_TRUE(registry_.revoke("devices", x509::certificate_of(own)->serial_text(), 1, std::nullopt, actor_));
  EXPECT_EQ(code_of(renew("serialNumber=A1", {names("a1.example.com")}, as_a1)), "HF-PKI-0036");
}

TEST_P(Enrolling, Abuse33AnEndedCertificateRenewsWithinItsGraceAlone) {
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  set_label("clients", false, "operational-client");
  const auto der = issued_in(enrol("/clients/simpleenroll", request_der(key, "CN=gw-1"), user()));
  const ManualClock late(x509::certificate_of(der)->validity.not_after + 2h);
  Enrolment then(registry_, nullptr, *database_, late);
  const auto renew = [&] { return std::string(then.renew("clients", request_der(key, "CN=gw-1"), der).error().code); };
  EXPECT_EQ(renew(), "HF-PKI-0036");
  ASSERT_TRUE(enrolment_->add({.label = "clients",
                               .authority = "devices",
                               .profile = "operational-client",
                               .grant = grant_of("devices", {"x509"}, 1'000, std::string(kEstRequester)),
                               .grace_hours = 3},
                              actor_));
  EXPECT_EQ(renew(), "HF-PKI-0028") << "it would, with a signer";
}

TEST_P(Enrolling, Abuse33CredentialsAndLabelsAreHeldToWhatTheyAre) {
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto csr = request_der(key, "serialNumber=A1");
  const auto anonymous = enrol("/simpleenroll", csr);
  EXPECT_EQ(anonymous.status, "401");
  EXPECT_NE(anonymous.head.find("WWW-Authenticate: Basic"), std::string::npos) << anonymous.head;
  EXPECT_EQ(enrol("/simpleenroll", csr, "-u device:hft_wrong").status, "401");
  EXPECT_EQ(enrol("/simpleenroll", csr, "-u ada:'correct horse battery'").status, "401") << "no password of a person";
  EXPECT_EQ(enrol("/simpleenroll", csr, "-u device:" + weak_token_).status, "403");
  EXPECT_EQ(enrol("/simpleenroll", csr, "-H 'Authorization: Bearer " + token_ + "'").status, "200");
  for (const auto* path : {"/nobody/cacerts", "/..%2f..%2fcacerts/cacerts", "/%00/cacerts", "/a%2Fb/cacerts"})
    EXPECT_TRUE(curl("--path-as-is '" + url(path) + "'").status.starts_with("4")) << path;
  EXPECT_EQ(curl("--path-as-is " + url("/x/../cacerts")).status, "400");
  EXPECT_EQ(curl(url("/serverkeygen")).status, "404") << "a private key does not travel";
  EXPECT_EQ(enrol("/simpleenroll", Bytes(200, 0x30), user()).status, "422");
  // Guessing is slowed by address.
  net::RateLimiter limiter(clock_, {.per_second = 0.001, .burst = 5});
  server_ = serve(*api_, &limiter);
  std::string answers;
  for (int i = 0; i < 8; ++i) answers += enrol("/simpleenroll", csr, "-u device:hft_" + std::to_string(i)).status + " ";
  EXPECT_EQ(answers, "401 401 401 401 401 429 429 429 ");
}

TEST_P(Enrolling, AnEnrolmentWaitsForADecision) {
  set_label("line-1", true);
  const TestKey key(KeyAlgorithm::ecdsa_p256), other(KeyAlgorithm::ecdsa_p256);
  const auto csr = request_der(key, "serialNumber=A1"), second = request_der(other, "serialNumber=A2");
  const auto waits = enrol("/line-1/simpleenroll", csr, user());
  EXPECT_EQ(waits.status, "202");
  EXPECT_NE(waits.head.find("Retry-After: 60"), std::string::npos) << waits.head;
  EXPECT_EQ(enrol("/line-1/simpleenroll", csr, user()).status, "202");
  EXPECT_EQ(enrol("/line-1/simpleenroll", second, user()).status, "202");
  const auto pending = enrolment_->pending(10).value();
  ASSERT_EQ(pending.size(), 2U) << "the same request waits once";
  EXPECT_EQ(enrolment_->decide(pending[0].id, true, "", {pending[0].requester, ""}).error().code, "HF-PKI-0034");
  ASSERT_TRUE(enrolment_->decide(pending[0].id, true, "on the list", actor_));
  ASSERT_TRUE(enrolment_->decide(pending[1].id, false, "not on the list", actor_));
  EXPECT_EQ(enrolment_->decide(pending[0].id, false, "", actor_).error().code, "HF-PKI-0034");
  const auto first = issued_in(enrol("/line-1/simpleenroll", csr, user()));
  EXPECT_EQ(issued_in(enrol("/line-1/simpleenroll", csr, user())), first) << "whoever lost the answer gets the same";
  EXPECT_EQ(code_of(enrol("/line-1/simpleenroll", second, user())), "HF-PKI-0034");
}

TEST_P(Enrolling, WithoutASignerItSaysSo) {
  Enrolment deaf(registry_, nullptr, *database_, clock_);
  const EstApi api{deaf, *people_};
  server_ = serve(api);
  const auto refused =
      enrol("/simpleenroll", request_der(TestKey(KeyAlgorithm::ecdsa_p256), "serialNumber=A1"), user());
  EXPECT_EQ(refused.status, "503");
  EXPECT_EQ(code_of(refused), "HF-PKI-0028");
  EXPECT_EQ(curl(url("/cacerts")).status, "200");
}

TEST_P(Enrolling, StrongswanEnrolsWaitsAndRenews) {
  HF_NEED_TOOL("pki", "strongswan-pki");
  const auto pki = "cd " + dir_.path().string() + " && timeout 60 pki ";
  const auto base = "--url https://localhost:" + std::to_string(server_->port("device"));
  const auto cacerts = run(pki + "--estca " + base + " --cacert root.pem --caout got.pem --outform pem --force");
  EXPECT_EQ(cacerts.exit, 0) << cacerts.output;
  const TestKey key(KeyAlgorithm::ecdsa_p256), next(KeyAlgorithm::ecdsa_p256);
  write_file(dir_.path() / "s1.key", key.private_pem());
  write_file(dir_.path() / "s1.csr", request_der(key, "serialNumber=S1"));
  const auto trust = " --cacert root.pem --cacert ca.pem ";
  const auto first = run(pki + "--est " + base + trust + "--in s1.csr --userpass device:" + token_ +
                         " --outform pem 2>err > s1.pem; cat err");
  const auto held = run("cd " + dir_.path().string() + " && openssl verify -CAfile root.pem -untrusted ca.pem s1.pem");
  EXPECT_EQ(held.exit, 0) << first.output << held.output;
  write_file(dir_.path() / "s2.csr", request_der(next, "serialNumber=S1"));
  const auto second = run(pki + "--est " + base + trust +
                          "--in s2.csr --cert s1.pem --key s1.key --outform pem 2>err > s2.pem; cat err");
  const auto renewed =
      run("cd " + dir_.path().string() + " && openssl verify -CAfile root.pem -untrusted ca.pem s2.pem");
  EXPECT_EQ(renewed.exit, 0) << second.output << renewed.output;

  // It asks again while somebody decides.
  set_label("default", true);
  Enrolment soon(registry_, service_.get(), *database_, clock_, 1s);
  const EstApi api{soon, *people_};
  const auto polled = serve(api);
  const TestKey third(KeyAlgorithm::ecdsa_p256);
  write_file(dir_.path() / "s3.csr", request_der(third, "serialNumber=S3"));
  std::thread client([&] {
    const auto ran = run(pki + "--est --url https://localhost:" + std::to_string(polled->port("device")) + trust +
                         "--in s3.csr --userpass device:" + token_ +
                         " --interval 1 --maxpolltime 50 --outform pem 2>err3 > s3.pem; cat err3");
    told_ = ran.output;
    ended_ = true;
  });
  // Ends with the request, or with the client.
  std::vector<StoredEnrolment> pending;
  while (pending.empty() && !ended_) pending = enrolment_->pending(10).value();
  const bool approved = !pending.empty() && enrolment_->decide(pending[0].id, true, "", actor_).has_value();
  client.join();
  EXPECT_TRUE(approved);
  const auto waited =
      run("cd " + dir_.path().string() + " && openssl verify -CAfile root.pem -untrusted ca.pem s3.pem");
  EXPECT_EQ(waited.exit, 0) << told_ << waited.output;
}

}  // namespace
}  // namespace hf::pki
