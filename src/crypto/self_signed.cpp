#include "crypto/self_signed.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>
#include <algorithm>
#include <memory>

#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

using Certificate = std::unique_ptr<X509, OpensslFree<&X509_free>>;
using Key = PkeyPtr;
using Bio = std::unique_ptr<BIO, OpensslFree<&BIO_free>>;
using Number = BignumPtr;
using Names = std::unique_ptr<GENERAL_NAMES, OpensslFree<&GENERAL_NAMES_free>>;
using Usage = std::unique_ptr<EXTENDED_KEY_USAGE, OpensslFree<&EXTENDED_KEY_USAGE_free>>;
using BitString = std::unique_ptr<ASN1_BIT_STRING, OpensslFree<&ASN1_BIT_STRING_free>>;
using OctetString = std::unique_ptr<ASN1_OCTET_STRING, OpensslFree<&ASN1_OCTET_STRING_free>>;
using Constraints = std::unique_ptr<BASIC_CONSTRAINTS, OpensslFree<&BASIC_CONSTRAINTS_free>>;

constexpr std::size_t kNameMax = 64;  // ub-common-name, RFC 5280 appendix A.1

auto refuse() {
  return fail(ErrorKind::invalid, "HF-CRYPTO-0101",
              "a certificate name must be 1 to 64 ASCII characters, and an address an IP address");
}

auto failed() {
  char text[256] = "";
  ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
  ERR_clear_error();
  return fail(ErrorKind::internal, "HF-CRYPTO-0102", "the certificate could not be made", text);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool add_dns_name(GENERAL_NAMES* names, const std::string& text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  if (name == nullptr || value == nullptr || ASN1_STRING_set(value, text.data(), int(text.size())) != 1) return false;
  GENERAL_NAME_set0_value(name, GEN_DNS, value);
  return sk_GENERAL_NAME_push(names, name) > 0;
}

bool add_address(GENERAL_NAMES* names, const std::string& text) {
  ASN1_OCTET_STRING* value = a2i_IPADDRESS(text.c_str());
  if (value == nullptr) return false;
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, GEN_IPADD, value);
  return sk_GENERAL_NAME_push(names, name) > 0;
}

bool set_serial(X509* certificate) {
  const Number number(BN_new());
  // CA/B Forum BR 7.1: at least 64 bits from a CSPRNG; positive and at most 20 octets (RFC 5280 4.1.2.2).
  return number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_names(X509* certificate, const std::string& common_name) {
  auto* subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()), int(common_name.size()),
                                    -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

bool set_validity(X509* certificate, Time not_before, int days) {
  const auto start = micros(not_before) / 1'000'000;
  return ASN1_TIME_set(X509_getm_notBefore(certificate), start) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), start + std::int64_t(days) * 86'400 - 1) != nullptr;
}

bool add_extensions(X509* certificate, GENERAL_NAMES* names) {
  const auto add = [&](int nid, void* value, int critical) {
    return value != nullptr && X509_add1_ext_i2d(certificate, nid, value, critical, X509V3_ADD_DEFAULT) == 1;
  };
  const Constraints constraints(BASIC_CONSTRAINTS_new());  // cA defaults to FALSE
  const BitString usage(ASN1_BIT_STRING_new());
  const Usage extended(EXTENDED_KEY_USAGE_new());
  const OctetString key_id(ASN1_OCTET_STRING_new());
  std::uint8_t digest[20];
  unsigned int size = sizeof digest;
  return ASN1_BIT_STRING_set_bit(usage.get(), 0, 1) == 1 &&  // digitalSignature
         sk_ASN1_OBJECT_push(extended.get(), OBJ_nid2obj(NID_server_auth)) > 0 &&
         sk_ASN1_OBJECT_push(extended.get(), OBJ_nid2obj(NID_client_auth)) > 0 &&
         X509_pubkey_digest(certificate, EVP_sha1(), digest, &size) ==
             1 &&  // RFC 5280 4.2.1.2 (1): a name, no security
         ASN1_OCTET_STRING_set(key_id.get(), digest, int(size)) == 1 &&
         add(NID_basic_constraints, constraints.get(), 1) && add(NID_key_usage, usage.get(), 1) &&
         add(NID_ext_key_usage, extended.get(), 0) && add(NID_subject_alt_name, names, 0) &&
         add(NID_subject_key_identifier, key_id.get(), 0);
}

std::string text_of_bio(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, std::size_t(size)};
}

}  // namespace

Result<SelfSigned> make_self_signed(const SelfSignedSpec& spec) {
  ERR_clear_error();
  if (!is_name(spec.common_name) || spec.days <= 0) return refuse();
  const Names names(GENERAL_NAMES_new());
  for (const auto& name : spec.dns_names)
    if (!is_name(name) || !add_dns_name(names.get(), name)) return refuse();
  for (const auto& address : spec.ip_addresses)
    if (!add_address(names.get(), address)) return refuse();

  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || X509_set_version(certificate.get(), 2) != 1 || !set_serial(certificate.get()) ||
      !set_names(certificate.get(), spec.common_name) || !set_validity(certificate.get(), spec.not_before, spec.days) ||
      X509_set_pubkey(certificate.get(), key.get()) != 1 || !add_extensions(certificate.get(), names.get()) ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    return failed();

  const Bio certificate_text(BIO_new(BIO_s_mem())), key_text(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed();
  SelfSigned made{text_of_bio(certificate_text.get()), text_of_bio(key_text.get()), {}};
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size <= 0) return failed();
  made.certificate_der.assign(der, der + size);
  OPENSSL_free(der);
  return made;
}

Result<Time> end_of_certificate(std::string_view pem) {
  const Bio text(BIO_new_mem_buf(pem.data(), int(pem.size())));
  const Certificate certificate(text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr);
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::invalid, "HF-CRYPTO-0103", "there is no certificate in the PEM text");
  }
  return Time{} + std::chrono::seconds(timegm(&end));
}

std::vector<std::string> local_dns_names() {
  std::vector<std::string> names{"localhost"};
  char host[256] = "";
  if (::gethostname(host, sizeof host - 1) == 0 && is_name(host) && std::string_view(host) != "localhost")
    names.emplace_back(host);
  return names;
}

}  // namespace hf::crypto
