#include "pki/ocsp.h"

#include "crypto/sha1.h"
#include "keys/formats/x509.h"
#include "net/pipeline.h"
#include "net/server_fixture.h"
#include "pki/http.h"
#include "pki/registry_test.h"

namespace hf::pki {
namespace {
using namespace fixture;

struct RequestParts {
  std::size_t list = 1;
  std::optional<std::size_t> nonce{};
  bool sha256 = false;
};

// As clients write them.
Bytes request_for(const Certificate& issuer, ByteView serial, const RequestParts& parts = {}) {
  const auto hash = [&](ByteView bytes) {
    if (!parts.sha256) return crypto::sha1_name(bytes);
    const auto digest = crypto::sha256({bytes});
    return Bytes(digest.begin(), digest.end());
  };
  crypto::DerReader outer(issuer.spki);
  crypto::DerReader spki(outer.next()->content);
  static_cast<void>(spki.next());
  const auto key = spki.next()->content.subspan(1);
  const auto algorithm =
      der::value(der::kSequence, std::initializer_list<ByteView>{
                                     der::oid(parts.sha256 ? "2.16.840.1.101.3.4.2.1" : "1.3.14.3.2.26"), der::null()});
  const auto id = der::value(
      der::kSequence,
      std::initializer_list<ByteView>{algorithm, der::value(der::kOctetString, {hash(issuer.subject.der)}),
                                      der::value(der::kOctetString, {hash(key)}), der::value(der::kInteger, {serial})});
  const std::vector<Bytes> items(parts.list, der::value(der::kSequence, {id}));
  Bytes extensions;
  if (parts.nonce) {
    const Bytes octets(*parts.nonce, 7);
    const auto nonce = der::value(
        der::kSequence,
        std::initializer_list<ByteView>{der::oid(keys::kOcspNonce),
                                        der::value(der::kOctetString, {der::value(der::kOctetString, {octets})})});
    extensions = der::value(der::context(2), {der::value(der::kSequence, {nonce})});
  }
  const auto tbs =
      der::value(der::kSequence, std::initializer_list<ByteView>{der::value(der::kSequence, items), extensions});
  return der::value(der::kSequence, {tbs});
}

TEST(OcspRequests, Abuse37NoncesAndListsAreBounded) {
  const auto ca = root();
  const Bytes serial{0x01, 0x02};
  const auto code = [&](const RequestParts& parts) {
    const auto read = ocsp_request_of(request_for(ca.certificate, serial, parts));
    return read ? "" : std::string(read.error().code);
  };
  EXPECT_EQ(code({}), "");
  for (const std::size_t taken : {1, 32, 33, 128}) EXPECT_EQ(code({.nonce = taken}), "") << taken;
  for (const std::size_t refused : {0, 129, 4'000}) EXPECT_EQ(code({.nonce = refused}), "HF-PKI-0027") << refused;
  EXPECT_EQ(code({.list = kOcspListMax}), "");
  EXPECT_EQ(code({.list = kOcspListMax + 1}), "HF-PKI-0027");
  EXPECT_EQ(code({.list = 10'000}), "HF-PKI-0027");
  EXPECT_EQ(code({.list = 0}), "HF-PKI-0027");
  const auto whole = request_for(ca.certificate, serial, {.nonce = 16});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(ocsp_request_of(ByteView(whole).first(size)));
  const auto read = ocsp_request_of(whole).value();
  EXPECT_TRUE(OcspIssuer(ca.certificate).is_of(read.ids[0]));
  EXPECT_TRUE(OcspIssuer(ca.certificate)
                  .is_of(ocsp_request_of(request_for(ca.certificate, serial, {.sha256 = true})).value().ids[0]));
  const auto other = root("root-ca", "CN=Other,O=Example");
  EXPECT_FALSE(OcspIssuer(other.certificate).is_of(read.ids[0]));
}

TEST(OcspAnswers, AreReadAsTheyAreWritten) {
  const auto ca = root();
  const auto request = ocsp_request_of(request_for(ca.certificate, Bytes{0x05}, {.list = 3, .nonce = 32})).value();
  const std::vector<OcspWord> words{{.status = OcspWord::good},
                                    {.status = OcspWord::revoked, .revoked_at = kNow - 1h, .reason = 1},
                                    {.status = OcspWord::unknown}};
  const auto data = ocsp_response_data(request, words, ca.certificate, {kNow, kNow, kNow + 24h}, true);
  const auto read = keys::ocsp_data_of(data).value();
  ASSERT_EQ(read.answers.size(), 3U);
  EXPECT_EQ(read.answers[0].status, "good");
  EXPECT_EQ(read.answers[1].revoked_at, kNow - 1h);
  EXPECT_EQ(read.answers[1].reason, 1U);
  EXPECT_EQ(read.answers[2].status, "unknown");
  EXPECT_EQ(read.answers[0].next_update, kNow + 24h);
  EXPECT_EQ(read.nonce->size(), 32U);
  for (std::size_t size = 0; size < data.size(); ++size) EXPECT_FALSE(keys::ocsp_data_of(ByteView(data).first(size)));
  const auto view = keys::find_format("ocsp")->view(keys::ocsp_evidence(data).value()).value();
  EXPECT_EQ(view.kind, "ocsp_response");
  EXPECT_EQ(keys::x509_evidence(data).error().code, "HF-FORMAT-0004") << "no TBSCertificate";
}

class Answering : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    grant_ = open_ca();
    make_key("ocsp", {"ocsp"});
    std::vector<Order> orders;
    orders.push_back({request_of_key("CN=OCSP 1", public_key_of("ocsp")), true});
    auto answers = issue(grant_, std::move(orders), "ocsp-responder");
    ASSERT_TRUE(answers[0]) << answers[0].error().message;
    certificate_ = answers[0]->der;
    responder_grant_ = grant_of("ocsp", {"ocsp"}, 1'000, std::string(kOcspRequester));
    responder_ = std::make_unique<Responder>(registry_, service_.get(), *database_, clock_);
    issuer_certificate_ = x509::certificate_of(registry_.authority("devices")->stored.certificate).value();
  }
  NewResponder wanted() {
    return {
        .authority = "devices", .key = "ocsp", .grant = responder_grant_, .product = "", .certificate = certificate_};
  }
  // The answer's data, of a request for one serial number.
  keys::OcspData ask(std::string_view serial, const RequestParts& parts = {}) {
    const auto reply =
        responder_->answer("devices", request_for(issuer_certificate_, from_hex(serial).value(), parts), actor_);
    EXPECT_TRUE(reply) << reply.error().message << reply.error().detail;
    if (!reply) return {};
    last_ = *reply;
    crypto::DerReader outer(*reply->response);
    crypto::DerReader response(outer.next()->content);
    static_cast<void>(response.next());
    crypto::DerReader bytes_outer(response.next()->content);
    crypto::DerReader bytes(bytes_outer.next()->content);
    static_cast<void>(bytes.next());
    crypto::DerReader basic_outer(bytes.next()->content);
    crypto::DerReader basic(basic_outer.next()->content);
    const auto data = basic.next();
    data_.assign(data->whole.begin(), data->whole.end());
    return keys::ocsp_data_of(data_).value();
  }
  std::int64_t signatures() { return service_->key("ocsp")->signatures; }

  std::string grant_, responder_grant_;
  Bytes certificate_, data_;
  Certificate issuer_certificate_;
  OcspReply last_;
  std::unique_ptr<Responder> responder_;
};
HF_BOTH_ENGINES(Answering);

TEST_P(Answering, OpensslAcceptsGoodRevokedAndUnknown) {
  HF_NEED_TOOL("openssl", "openssl");
  ASSERT_TRUE(responder_->add(wanted(), actor_));
  const auto kept = one(grant_, "serialNumber=A1"), lost = one(grant_, "serialNumber=A2");
  ASSERT_TRUE(registry_.revoke("devices", lost.serial, 1, std::nullopt, actor_));
  write_file(dir_.path() / "root.pem", pem(root_));
  write_file(dir_.path() / "ca.pem", hf::test::certificate_pem(issuer_certificate_.der));
  const auto in = "cd " + dir_.path().string() + " && openssl ocsp ";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"0x" + kept.serial, "good"}, {"0x" + lost.serial, "revoked"}, {"0x4000000000000000000000000000f001", "unknown"}};
  for (const auto* digest : {"-sha1", "-sha256"})
    for (const auto* nonce : {"-nonce", "-no_nonce"})
      for (const auto& [serial, status] : cases) {
        const auto asked = run(in + digest + " -issuer ca.pem -serial " + serial + " " + nonce + " -reqout req.der");
        ASSERT_EQ(asked.exit, 0) << asked.output;
        const auto reply = responder_->answer("devices", keys::fixture::read_file(dir_.path() / "req.der"), actor_);
        ASSERT_TRUE(reply) << reply.error().message << reply.error().detail;
        write_file(dir_.path() / "resp.der", *reply->response);
        // The issuer's chain alone: the responder is delegated by it. The nonce is compared with the request's.
        const auto told = run(in + "-reqin req.der -respin resp.der -resp_text -CAfile root.pem -verify_other ca.pem");
        EXPECT_NE(told.output.find("Response verify OK"), std::string::npos) << told.output;
        EXPECT_NE(told.output.find("Cert Status: " + status), std::string::npos) << told.output;
        EXPECT_EQ(told.output.find("Nonce Verify error"), std::string::npos) << told.output;
        write_file(dir_.path() / "responder.pem", hf::test::certificate_pem(certificate_));
        const auto pinned = run(in + "-reqin req.der -respin resp.der -VAfile responder.pem");
        EXPECT_NE(pinned.output.find("Response verify OK"), std::string::npos) << pinned.output;
      }
}

TEST_P(Answering, Abuse34ARevocationOutlivesRowsAndIsSeenAtOnce) {
  ASSERT_TRUE(responder_->add(wanted(), actor_));
  const auto lost = one(grant_, "serialNumber=A2");
  EXPECT_EQ(ask(lost.serial).answers.at(0).status, "good");
  const auto before = signatures();
  EXPECT_EQ(ask(lost.serial).answers.at(0).status, "good");
  EXPECT_EQ(signatures(), before) << "the kept answer";
  ASSERT_TRUE(registry_.revoke("devices", lost.serial, 1, std::nullopt, actor_));
  EXPECT_EQ(ask(lost.serial).answers.at(0).status, "revoked") << "although a good one is kept";
  static const db::Query kForget{"test.forget_certificates_ocsp", "DELETE FROM certificate"};
  static const db::Query kSerials{"test.forget_serials_ocsp", "DELETE FROM certificate_serial"};
  ASSERT_TRUE(database_->write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.execute(kForget));
    HF_CHECK(writer.execute(kSerials));
    return {};
  }));
  EXPECT_EQ(ask(lost.serial, {.nonce = 16}).answers.at(0).status, "revoked");
}

TEST_P(Answering, Abuse37OnlyADelegatedResponderAnswers) {
  auto bad = wanted();
  bad.certificate = issuer_certificate_.der;
  EXPECT_EQ(responder_->add(bad, actor_).error().code, "HF-PKI-0029") << "the CA itself";
  bad.certificate = one(grant_, "serialNumber=A1").der;
  EXPECT_EQ(responder_->add(bad, actor_).error().code, "HF-PKI-0029") << "a device";
  // With the right purposes, by another CA.
  const auto stranger = root("root-ca", "CN=Example Device CA,O=Example");
  const auto tbs = template_of(stranger, "ocsp-responder")
                       .certificate(request_of_key("CN=OCSP 2", public_key_of("ocsp")), {.from = clock_.now()})
                       .value();
  bad.certificate = sign(stranger.key, tbs);
  EXPECT_EQ(responder_->add(bad, actor_).error().code, "HF-PKI-0029") << "issued by another of the same name";
  bad = wanted();
  bad.grant = grant_;
  EXPECT_EQ(responder_->add(bad, actor_).error().code, "HF-PKI-0019") << "a grant of the CA's key";
  EXPECT_EQ(responder_->answer("devices", request_for(issuer_certificate_, Bytes{1}), actor_).error().code,
            "HF-PKI-0029")
      << "none is known";
  ASSERT_TRUE(responder_->add(wanted(), actor_));
  EXPECT_EQ(responder_->answer("else", request_for(issuer_certificate_, Bytes{1}), actor_).error().code, "HF-PKI-0016");
  EXPECT_EQ(responder_->answer("devices", request_for(root_, Bytes{1}), actor_).error().code, "HF-PKI-0030");
  // The CA's key does not sign an answer, even under a grant of its own for that format.
  const auto request = ocsp_request_of(request_for(issuer_certificate_, Bytes{1})).value();
  const auto data =
      ocsp_response_data(request, {{}}, issuer_certificate_, {clock_.now(), clock_.now(), clock_.now() + 1h}, false);
  const auto refused = service_->sign_under(grant_,
                                            {.key = "devices",
                                             .product = "px",
                                             .format = "ocsp",
                                             .evidence = keys::ocsp_evidence(data).value(),
                                             .artifact = {"ocsp", 1, std::string(64, '0')},
                                             .requester = actor_.name,
                                             .person = actor_.name,
                                             .reason = "",
                                             .certificate = issuer_certificate_.der},
                                            actor_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("policy.formats"), std::string::npos) << refused.error().detail;
  // After the responder's own end.
  const ManualClock late(clock_.now() + 24h * 40);
  Responder expired(registry_, service_.get(), *database_, late);
  EXPECT_EQ(expired.answer("devices", request_for(issuer_certificate_, Bytes{1}), actor_).error().code, "HF-PKI-0029");
}

TEST_P(Answering, WhatIsSignedForStrangersIsBounded) {
  ASSERT_TRUE(responder_->add(wanted(), actor_));
  const auto kept = one(grant_, "serialNumber=A1");
  ManualClock clock(clock_.now());
  Responder small(registry_, service_.get(), *database_, clock, {.kept = 2, .per_second = 1, .burst = 2});
  const auto ask_small = [&](std::string_view serial, const RequestParts& parts = {}) {
    return small.answer("devices", request_for(issuer_certificate_, from_hex(serial).value(), parts), actor_);
  };
  ASSERT_TRUE(ask_small(kept.serial));
  ASSERT_TRUE(ask_small("01"));
  EXPECT_EQ(ask_small("02").error().code, "HF-PKI-0031");
  const auto without = ask_small(kept.serial, {.nonce = 16});
  ASSERT_TRUE(without) << "a kept answer, without the nonce";
  EXPECT_TRUE(without->shared);
  clock.advance(1s);
  const auto with = ask_small(kept.serial, {.nonce = 16});
  ASSERT_TRUE(with);
  EXPECT_FALSE(with->shared);
}

TEST_P(Answering, OverHttp) {
  HF_NEED_TOOL("openssl", "openssl");
  ASSERT_TRUE(responder_->add(wanted(), actor_));
  const auto lost = one(grant_, "serialNumber=A2");
  ASSERT_TRUE(registry_.revoke("devices", lost.serial, 1, std::nullopt, actor_));
  Responder deaf(registry_, nullptr, *database_, clock_);
  const Api api{*responder_}, no_signer{deaf};
  const auto serve = [&](const Api& which) {
    net::Listener listener{.name = "public", .workers = 1};
    listener.serves = std::make_shared<net::Pipeline>(net::Router(routes(which)));
    std::vector<net::Listener> listeners;
    listeners.push_back(std::move(listener));
    return net::Server::start(std::move(listeners), clock_).value();
  };
  const auto server = serve(api), silent = serve(no_signer);
  net::test::Client client(server->port("public")), other(silent->port("public"));
  const auto der = request_for(issuer_certificate_, from_hex(lost.serial).value());
  const auto post = [&](net::test::Client& to, std::string_view path, ByteView body) {
    return to.ask("POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/ocsp-request\r\n" +
                  "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(text_of(body)));
  };
  const auto posted = post(client, "/ocsp/devices", der);
  EXPECT_EQ(posted.status, 200);
  EXPECT_EQ(posted.header("Content-Type"), "application/ocsp-response");
  EXPECT_NE(posted.header("Cache-Control").find("max-age=3600"), std::string::npos);
  std::string encoded;
  for (const char c : to_base64(der))
    encoded += c == '+' ? "%2B" : c == '=' ? "%3D" : c == '/' ? "%2F" : std::string(1, c);
  EXPECT_EQ(client.get("/ocsp/devices/" + encoded).body, posted.body) << "the kept answer";
  EXPECT_EQ(client.get("/ocsp/devices/" + to_base64(der)).body, posted.body) << "as some clients write it";
  EXPECT_EQ(client.get("/ocsp/devices/nonsense").body, std::string("\x30\x03\x0a\x01\x01", 5)) << "malformedRequest";
  EXPECT_EQ(post(client, "/ocsp/devices", request_for(root_, Bytes{1})).body, std::string("\x30\x03\x0a\x01\x06", 5));
  EXPECT_EQ(post(client, "/ocsp/else", der).status, 404);
  EXPECT_EQ(post(client, "/ocsp/devices", Bytes(kOcspRequestMax + 1)).status, 413);
  const auto refused = post(other, "/ocsp/devices", der);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("HF-PKI-0028"), std::string::npos);

  write_file(dir_.path() / "root.pem", pem(root_));
  write_file(dir_.path() / "ca.pem", hf::test::certificate_pem(issuer_certificate_.der));
  const auto told =
      run("cd " + dir_.path().string() + " && openssl ocsp -issuer ca.pem -serial 0x" + lost.serial +
          " -CAfile root.pem -verify_other ca.pem -url http://127.0.0.1:" + std::to_string(server->port("public")) +
          "/ocsp/devices");
  EXPECT_NE(told.output.find("Response verify OK"), std::string::npos) << told.output;
  EXPECT_NE(told.output.find("revoked"), std::string::npos) << told.output;
}

}  // namespace
}  // namespace hf::pki
