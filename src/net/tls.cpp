#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "crypto/openssl_ptr.h"
#include "crypto/sha256.h"

namespace hf::net {
namespace {

using Bio = std::unique_ptr<BIO, crypto::OpensslFree<&BIO_free>>;
using Certificate = std::unique_ptr<X509, crypto::OpensslFree<&X509_free>>;
using Key = crypto::PkeyPtr;

std::string library_text() {
  char text[256] = "";
  if (const auto code = ERR_peek_last_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

auto refuse(std::string message) { return fail(ErrorKind::invalid, "HF-TLS-0001", std::move(message), library_text()); }

Bio reader(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), int(pem.size()))); }

Result<void> use_identity(SSL_CTX* context, const Tls& tls) {
  const auto chain = reader(tls.certificate_chain_pem);
  const Certificate leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return refuse("the TLS certificate cannot be read");
  while (auto* issuer = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, issuer) == 1) continue;
    X509_free(issuer);
    return refuse("the TLS certificate chain cannot be used");
  }
  ERR_clear_error();  // the end of the PEM text is reported as an error
  const Key key(PEM_read_bio_PrivateKey(reader(tls.private_key_pem).get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return refuse("the TLS private key cannot be used");
  if (SSL_CTX_check_private_key(context) != 1) return refuse("the TLS private key is not the certificate's");
  return {};
}

Result<void> use_anchors(SSL_CTX* context, const Tls& tls) {
  auto* store = SSL_CTX_get_cert_store(context);
  const auto pem = reader(tls.client_ca_pem);
  std::size_t count = 0;
  while (const Certificate anchor{PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, anchor.get()) != 1 || SSL_CTX_add_client_CA(context, anchor.get()) != 1)
      return refuse("a client trust anchor cannot be used");
    ++count;
  }
  ERR_clear_error();
  if (count == 0 && !tls.accept_unverified) return refuse("client certificates are asked for, but no anchor is given");
  int mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
  if (tls.mode == TlsMode::mutual) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  // A callback that says yes lets the handshake go on; the verify result keeps the reason.
  SSL_verify_cb callback = nullptr;
  if (tls.accept_unverified) callback = [](int, X509_STORE_CTX*) { return 1; };
  SSL_CTX_set_verify(context, mode, callback);
  return {};
}

int select_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned int in_size,
                    void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1\x08http/1.0";
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, size, ours, sizeof ours - 1, in, in_size);
  *out = chosen;
  // RFC 7301 section 3.2: no common protocol is fatal, which also stops cross-protocol attacks (ALPACA).
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string common_name(X509* certificate) {
  const auto* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string name(reinterpret_cast<const char*>(text), std::size_t(size));
  OPENSSL_free(text);
  // A CN with a control character is a trick ("good\0evil"): no name is safer than half a name.
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return {};
  return name;
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const Tls& tls, std::string_view listener) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext);
  auto* context = made->context_ = SSL_CTX_new(TLS_server_method());
  const auto session_context = crypto::sha256({bytes_of(listener), bytes_of(tls.client_ca_pem)});
  const int version = tls.min == TlsVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  const bool set = context != nullptr && SSL_CTX_set_min_proto_version(context, version) == 1 &&
                   // TLS 1.2 with forward secrecy and AEAD only (RFC 9325 section 4.2); TLS 1.3 has nothing else.
                   SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
                   SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
                   SSL_CTX_set_session_id_context(context, session_context.data(), 32) == 1;
  if (!set) return fail(ErrorKind::internal, "HF-TLS-0002", "the TLS library refused the policy", library_text());
  // A device that drops the connection without close_notify may still resume: HTTP framing tells whether anything
  // was cut off (RFC 9112 section 9.8), and OpenSSL would forget the session otherwise.
  // Stateful resumption: with stateless tickets the client certificate is decoded again on every resumption,
  // 0.9 ms instead of 0.5 ms.
  SSL_CTX_set_options(
      context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, long(tls.sessions_max));
  SSL_CTX_set_num_tickets(context, 1);
  // 20 kB an idle connection instead of 55: no read and write buffers while nothing moves.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context, &select_protocol, nullptr);
  HF_CHECK(use_identity(context, tls));
  if (tls.mode != TlsMode::server) HF_CHECK(use_anchors(context, tls));
  return made;
}

std::shared_ptr<const ClientCertificate> client_certificate(const ssl_st* ssl) {
  X509* const leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return nullptr;
  auto certificate = std::make_shared<ClientCertificate>();
  unsigned char* der = nullptr;
  const int size = i2d_X509(leaf, &der);
  if (size <= 0) return nullptr;
  certificate->der.assign(der, der + size);
  OPENSSL_free(der);
  certificate->sha256 = to_hex(crypto::sha256({certificate->der}));
  certificate->subject_cn = common_name(leaf);
  certificate->verified = SSL_get_verify_result(ssl) == X509_V_OK;
  return certificate;
}

}  // namespace hf::net
