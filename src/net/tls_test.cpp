#include "net/tls.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/self_signed.h"
#include "crypto/sha256.h"
#include "net/server_fixture.h"

namespace hf::net {
namespace {

using crypto::SelfSigned;
using test::Client;

// A client context; OpenSSL objects freed with it.
class ClientTls {
 public:
  explicit ClientTls(const SelfSigned* identity = nullptr) : context_(SSL_CTX_new(TLS_client_method())) {
    if (identity == nullptr) return;
    BIO* bio = BIO_new_mem_buf(identity->certificate_pem.data(), int(identity->certificate_pem.size()));
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO* key_bio = BIO_new_mem_buf(identity->private_key_pem.data(), int(identity->private_key_pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(bio);
    BIO_free(key_bio);
  }
  ~ClientTls() { SSL_CTX_free(context_); }
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;
  operator SSL_CTX*() const { return context_; }  // NOLINT

 private:
  SSL_CTX* context_;
};

struct TlsTest : test::ServerTest {
  SelfSigned identity(std::string name, int days = 90) {
    return *crypto::make_self_signed({.common_name = std::move(name), .not_before = clock_.now(), .days = days});
  }
  void start_tls(TlsMode mode, std::string client_ca = {}, bool accept_unverified = false) {
    Listener listener{.name = "test"};
    const auto server = identity("localhost");
    listener.tls = {.mode = mode,
                    .certificate_chain_pem = server.certificate_pem,
                    .private_key_pem = server.private_key_pem,
                    .client_ca_pem = std::move(client_ca),
                    .accept_unverified = accept_unverified};
    auto routes = test::sample_routes();
    routes.push_back({.path = "/v1/whoami", .permission = kPublic, .handler = [](const Request& r) {
                        const auto& c = r.peer.certificate;
                        if (!c) return text_response(200, r.peer.tls ? "nobody" : "plain");
                        return text_response(200,
                                             c->subject_cn + " " + c->sha256 + (c->verified ? " ok" : " unverified"));
                      }});
    start(std::move(listener), std::move(routes));
  }
  // Empty when the server refused the client (in TLS 1.3 the refusal shows at the first read).
  std::string whoami(SSL_CTX* context) {
    Client client(port_);
    if (!client.handshake(context)) return {};
    return client.get("/v1/whoami").body;
  }
  static std::string fingerprint(const SelfSigned& i) { return to_hex(crypto::sha256({i.certificate_der})); }
};

TEST_F(TlsTest, TheHandlerSeesTheClientCertificate) {
  const auto device = identity("SN-0001");
  const auto stranger = identity("SN-0001");
  start_tls(TlsMode::mutual, device.certificate_pem);
  EXPECT_EQ(whoami(ClientTls(&device)), "SN-0001 " + fingerprint(device) + " ok");
  EXPECT_EQ(whoami(ClientTls(&stranger)), "");
  EXPECT_EQ(whoami(ClientTls()), "");
}

TEST_F(TlsTest, OptionalCertificatesAreVerifiedWhenShown) {
  const auto device = identity("SN-0001");
  const auto stranger = identity("SN-0002");
  start_tls(TlsMode::mutual_optional, device.certificate_pem);
  EXPECT_EQ(whoami(ClientTls(&device)), "SN-0001 " + fingerprint(device) + " ok");
  EXPECT_EQ(whoami(ClientTls()), "nobody");
  EXPECT_EQ(whoami(ClientTls(&stranger)), "");
}

TEST_F(TlsTest, UnverifiedCertificatesReachTheHandlerOnlyWhereAskedFor) {
  const auto known = identity("SN-0001");
  const auto stranger = identity("SN-0002");
  start_tls(TlsMode::mutual, known.certificate_pem, true);
  EXPECT_EQ(whoami(ClientTls(&stranger)), "SN-0002 " + fingerprint(stranger) + " unverified");
  EXPECT_EQ(whoami(ClientTls(&known)), "SN-0001 " + fingerprint(known) + " ok");
}

TEST_F(TlsTest, ValidityIsJudgedByTheServersClock) {
  const auto device = identity("SN-0001", 1);
  clock_.advance(std::chrono::hours(48));
  start_tls(TlsMode::mutual, device.certificate_pem);
  EXPECT_EQ(whoami(ClientTls(&device)), "");
}

TEST_F(TlsTest, AResumedSessionStillKnowsItsCertificate) {
  const auto device = identity("SN-0001");
  start_tls(TlsMode::mutual, device.certificate_pem);
  const ClientTls context(&device);
  SSL_SESSION* session = nullptr;
  {
    Client client(port_);
    ASSERT_TRUE(client.handshake(context));
    EXPECT_FALSE(client.get("/v1/whoami").body.empty());
    session = SSL_get1_session(client.ssl());
  }
  Client again(port_);
  ASSERT_TRUE(again.handshake(context, session));
  EXPECT_EQ(SSL_session_reused(again.ssl()), 1);
  EXPECT_EQ(again.get("/v1/whoami").body, "SN-0001 " + fingerprint(device) + " ok");
  SSL_SESSION_free(session);
}

TEST_F(TlsTest, OldVersionsWeakCiphersAndForeignProtocolsAreRefused) {
  start_tls(TlsMode::server);
  EXPECT_EQ(whoami(ClientTls()), "nobody");
  const ClientTls tls11;
  SSL_CTX_set_security_level(tls11, 0);
  SSL_CTX_set_max_proto_version(tls11, TLS1_1_VERSION);
  EXPECT_EQ(whoami(tls11), "");
  const ClientTls cbc;
  SSL_CTX_set_max_proto_version(cbc, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(cbc, "ECDHE-ECDSA-AES128-SHA256");
  EXPECT_EQ(whoami(cbc), "");
  const ClientTls gcm;
  SSL_CTX_set_max_proto_version(gcm, TLS1_2_VERSION);
  EXPECT_EQ(whoami(gcm), "nobody");
  const ClientTls h2;
  static constexpr unsigned char kH2[] = "\x02h2";
  SSL_CTX_set_alpn_protos(h2, kH2, 3);
  EXPECT_EQ(whoami(h2), "");
  Client plain(port_);
  EXPECT_EQ(plain.get("/v1/hello").status, 0);
}

TEST_F(TlsTest, CertificatesAreReplacedWithoutARestart) {
  start_tls(TlsMode::server);
  const auto fresh = identity("fresh");
  ASSERT_TRUE(server_->reload("test", {.mode = TlsMode::server,
                                       .certificate_chain_pem = fresh.certificate_pem,
                                       .private_key_pem = fresh.private_key_pem}));
  const ClientTls context;
  Client client(port_);
  ASSERT_TRUE(client.handshake(context));
  X509* shown = SSL_get1_peer_certificate(client.ssl());
  unsigned char* der = nullptr;
  const int size = i2d_X509(shown, &der);
  EXPECT_EQ(Bytes(der, der + size), fresh.certificate_der);
  OPENSSL_free(der);
  X509_free(shown);
  EXPECT_EQ(server_
                ->reload("test", {.mode = TlsMode::server,
                                  .certificate_chain_pem = fresh.certificate_pem,
                                  .private_key_pem = identity("other").private_key_pem})
                .error()
                .code,
            "HF-TLS-0001");
  EXPECT_EQ(server_->reload("nobody", {}).error().code, "HF-NET-0002");
}

TEST_F(TlsTest, LargeContentInBothDirections) {
  start_tls(TlsMode::server);
  const ClientTls context;
  Client client(port_);
  ASSERT_TRUE(client.handshake(context));
  const std::string body(700'000, 'x');
  client.send("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 700000\r\n\r\n" + body);
  EXPECT_EQ(client.answer().body, body);
  EXPECT_EQ(client.get("/v1/hello").body, "hello");
}

}  // namespace
}  // namespace hf::net
