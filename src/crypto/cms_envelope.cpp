#include "crypto/cms_envelope.h"

#include <openssl/cms.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <algorithm>
#include <climits>

#include "crypto/der.h"
#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

using CmsPtr = std::unique_ptr<CMS_ContentInfo, OpensslFree<&CMS_ContentInfo_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<&X509_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<&BIO_free_all>>;

auto bad_certificate(std::string why) { return fail(ErrorKind::invalid, "HF-CMS-0004", std::move(why)); }
auto refuse(std::string_view why) {
  return fail(ErrorKind::invalid, "HF-CMS-0005", "not a CMS EnvelopedData that is read: " + std::string(why));
}

X509Ptr certificate_of(ByteView der) {
  const auto* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, long(der.size())));
  return certificate && at == der.data() + der.size() ? std::move(certificate) : nullptr;
}

bool add_recipient(CMS_ContentInfo* cms, X509* certificate) {
  auto* const info = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
  auto* const context = info ? CMS_RecipientInfo_get0_pkey_ctx(info) : nullptr;
  if (!context) return false;
  if (CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
  return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) == 1;  // else SHA-1; the type is OpenSSL's to set
}

Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// IssuerAndSerialNumber, or a subject key identifier under `id_tag` (RFC 5652 6.2.1, 6.2.2).
bool read_identifier(DerReader& reader, std::uint8_t id_tag, CmsRecipient& out) {
  if (const auto id = reader.next(id_tag)) {
    out.key_id = copy(id->content);
    return true;
  }
  const auto named = reader.next(der::kSequence);
  DerReader parts(named ? named->content : ByteView());
  const auto issuer = parts.next(der::kSequence);
  const auto serial = parts.next(der::kInteger);
  if (!issuer || !serial) return false;
  out.issuer = copy(issuer->whole), out.serial = copy(serial->content);
  return true;
}

bool read_agreement(const DerValue& value, std::vector<CmsRecipient>& out) {
  DerReader fields(value.content);
  const bool begun = fields.next(der::kInteger) && fields.next(der::context(0));
  static_cast<void>(fields.next(der::context(1)));  // ukm
  const auto algorithm = fields.next(der::kSequence);
  const auto keys = fields.next(der::kSequence);
  if (!begun || !algorithm || !keys) return false;
  DerReader list(keys->content);
  while (!list.at_end()) {
    const auto one = list.next(der::kSequence);
    if (!one || out.size() >= kCmsRecipientsMax) return false;
    DerReader parts(one->content);
    CmsRecipient recipient{.kind = "key agreement"};
    if (const auto by_id = parts.next(der::context(0))) {  // RecipientKeyIdentifier
      DerReader inner(by_id->content);
      const auto id = inner.next(der::kOctetString);
      if (!id) return false;
      recipient.key_id = copy(id->content);
    } else if (!read_identifier(parts, der::context_primitive(0), recipient)) {
      return false;
    }
    out.push_back(std::move(recipient));
  }
  return true;
}

bool read_recipient(const DerValue& value, std::vector<CmsRecipient>& out) {
  if (out.size() >= kCmsRecipientsMax) return false;
  if (value.tag == der::context(1)) return read_agreement(value, out);
  CmsRecipient recipient;
  DerReader fields(value.content);
  if (!fields.next(der::kInteger) && value.tag != der::context(4)) return false;
  if (value.tag == der::kSequence) {
    recipient.kind = "key transport";
    if (!read_identifier(fields, der::context_primitive(0), recipient)) return false;
  } else if (value.tag == der::context(2)) {
    recipient.kind = "key-encryption key";
    const auto named = fields.next(der::kSequence);
    DerReader parts(named ? named->content : ByteView());
    const auto id = parts.next(der::kOctetString);
    if (!id) return false;
    recipient.key_id = copy(id->content);
  } else if (value.tag == der::context(3)) {
    recipient.kind = "password";
  } else if (value.tag == der::context(4)) {
    recipient.kind = "other";
  } else {
    return false;
  }
  out.push_back(std::move(recipient));
  return true;
}

}  // namespace

Result<Bytes> cms_envelope(ByteView content, const std::vector<Bytes>& certificates) {
  const ErrorQueue errors;
  if (certificates.empty()) return bad_certificate("an envelope needs at least one recipient");
  if (content.size() > INT_MAX) return bad_certificate("an envelope holds at most 2 GiB");
  const BioPtr in(BIO_new_mem_buf(content.data(), int(content.size())));
  constexpr unsigned kFlags = CMS_BINARY | CMS_PARTIAL;
  const CmsPtr cms(CMS_encrypt(nullptr, nullptr, EVP_aes_256_cbc(), kFlags));
  if (!in || !cms) return fail(ErrorKind::internal, "HF-CMS-0004", "the envelope cannot be begun");
  for (const auto& der : certificates) {
    const auto certificate = certificate_of(der);
    if (!certificate) return bad_certificate("a recipient's certificate is not a certificate");
    if (!add_recipient(cms.get(), certificate.get()))
      return bad_certificate(
          "a recipient's certificate is of a key that CMS does not wrap for here: RSA and P-256 are");
  }
  if (CMS_final(cms.get(), in.get(), nullptr, kFlags) != 1) return bad_certificate("the envelope cannot be closed");
  std::uint8_t* raw = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &raw);
  if (size <= 0) return fail(ErrorKind::internal, "HF-CMS-0004", "the envelope cannot be written");
  Bytes out(raw, raw + size);
  OPENSSL_free(raw);
  return out;
}

bool is_cms_envelope(ByteView bytes) {
  // The head of ContentInfo: the content itself may be longer than what is at hand.
  static const Bytes enveloped = der::oid("1.2.840.113549.1.7.3");
  constexpr std::size_t kHead = 24;
  const auto head = bytes.first(std::min(bytes.size(), kHead));
  return !head.empty() && head[0] == der::kSequence && !std::ranges::search(head, enveloped).empty();
}

Result<std::vector<CmsRecipient>> cms_recipients(ByteView bytes) {
  DerReader outer(bytes);
  const auto info = outer.next(der::kSequence);
  if (!info || !outer.at_end()) return refuse("it is not one DER value");
  DerReader parts(info->content);
  const auto type = parts.next(der::kOid);
  static const Bytes enveloped = der::oid("1.2.840.113549.1.7.3");
  if (!type || !std::ranges::equal(type->whole, enveloped)) return refuse("its content is another");
  const auto wrapped = parts.next(der::context(0));
  DerReader unwrapped(wrapped ? wrapped->content : ByteView());
  const auto data = unwrapped.next(der::kSequence);
  DerReader fields(data ? data->content : ByteView());
  const bool version = fields.next(der::kInteger).has_value();
  static_cast<void>(fields.next(der::context(0)));  // originatorInfo
  const auto set = fields.next(der::kSet);
  if (!version || !set) return refuse("its recipients");
  std::vector<CmsRecipient> out;
  DerReader list(set->content);
  while (!list.at_end()) {
    const auto one = list.next();
    if (!one || !read_recipient(*one, out)) return refuse("a recipient");
  }
  if (out.empty()) return refuse("it has no recipient");
  return out;
}

Result<CmsRecipient> cms_recipient_of(ByteView bytes) {
  // Certificate, TBSCertificate: version, serialNumber, signature, issuer (RFC 5280 4.1).
  DerReader outer(bytes);
  const auto certificate = outer.next(der::kSequence);
  DerReader parts(certificate ? certificate->content : ByteView());
  const auto body = parts.next(der::kSequence);
  DerReader fields(body ? body->content : ByteView());
  static_cast<void>(fields.next(der::context(0)));
  const auto serial = fields.next(der::kInteger);
  const auto algorithm = fields.next(der::kSequence);
  const auto issuer = fields.next(der::kSequence);
  if (!serial || !algorithm || !issuer) return bad_certificate("it is not a certificate");
  return CmsRecipient{.kind = {}, .issuer = copy(issuer->whole), .serial = copy(serial->content), .key_id = {}};
}

}  // namespace hf::crypto
