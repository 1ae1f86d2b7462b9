// KekStore on a PKCS#11 token.
#include "crypto/kek.h"

#include <mutex>

#include "crypto/cipher.h"
#include "crypto/p11/session.h"
#include "crypto/private_file.h"
#include "crypto/random.h"
#include "crypto/token_copy.h"

namespace hf::crypto {
namespace {

using p11::Session, p11::Template;

constexpr std::size_t kIdSize = 16, kKeyBytes = 32;
constexpr CK_ULONG kTagBits = 128;
constexpr std::string_view kProof = "holdfast: fingerprint of a key-encryption key";

CK_BYTE* in(ByteView bytes) {  // PKCS#11 does not write there
  static constexpr CK_BYTE nothing = 0;
  return const_cast<CK_BYTE*>(bytes.empty() ? &nothing : bytes.data());
}

Template of_secret_keys() {
  Template pattern;
  pattern.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).flag(CKA_TOKEN, true);
  return pattern;
}

CK_GCM_PARAMS gcm(ByteView nonce, ByteView context) {
  return {in(nonce), nonce.size(), nonce.size() * 8, in(context), context.size(), kTagBits};
}

Result<Bytes> encrypt(Session& session, CK_OBJECT_HANDLE key, ByteView nonce, ByteView plain, ByteView context) {
  auto params = gcm(nonce, context);
  CK_MECHANISM mechanism{CKM_AES_GCM, &params, sizeof params};
  HF_CHECK(HF_P11_CALL(session.module(), C_EncryptInit, session.handle(), &mechanism, key));
  Bytes out(plain.size() + kGcmTag + kAesBlock);
  CK_ULONG size = out.size();
  HF_CHECK(HF_P11_CALL(session.module(), C_Encrypt, session.handle(), in(plain), plain.size(), out.data(), &size));
  if (size != plain.size() + kGcmTag)
    return fail(ErrorKind::internal, "HF-KEY-0010", "the token's AES-GCM gives another size than its specification");
  out.resize(size);
  return out;
}

// Tokens tell of a wrong tag in different words, SoftHSM 2.6 in the most general ones; an ill token in its own.
bool may_be_wrong_tag(const Error& error) {
  if (is(error, p11::Failure::refused)) return true;
  return is(error, p11::Failure::token) &&
         (error.detail.ends_with("CKR_GENERAL_ERROR") || error.detail.ends_with("CKR_FUNCTION_FAILED"));
}

Result<Secret> decrypt(Session& session, CK_OBJECT_HANDLE key, ByteView nonce, ByteView sealed, ByteView context) {
  auto params = gcm(nonce, context);
  CK_MECHANISM mechanism{CKM_AES_GCM, &params, sizeof params};
  HF_CHECK(HF_P11_CALL(session.module(), C_DecryptInit, session.handle(), &mechanism, key));
  Secret out(sealed.size() + kAesBlock);  // a token may want room for the tag
  CK_ULONG size = out.size();
  const auto done =
      HF_P11_CALL(session.module(), C_Decrypt, session.handle(), in(sealed), sealed.size(), out.data(), &size);
  if (!done && may_be_wrong_tag(done.error()))
    return fail(
        ErrorKind::invalid, "HF-CIPHER-0002",
        "the content key was not wrapped under this key-encryption key for this artifact, or its row was changed",
        done.error().detail);
  if (!done) return fail(done.error());
  return Secret(out.bytes().first(std::min<std::size_t>(size, out.size())));
}

Result<Sha256> fingerprint_of(Session& session, CK_OBJECT_HANDLE key) {
  // The one use of this nonce. Nothing follows from it for others: the tag is masked by a block of its own.
  HF_TRY(const auto proof, encrypt(session, key, Bytes(kGcmNonce), {}, bytes_of(kProof)));
  return sha256({ByteView(proof)});
}

Result<void> check_custody(Session& session, CK_OBJECT_HANDLE key) {
  const auto is_set = [&](CK_ATTRIBUTE_TYPE type, bool wanted) {
    const auto value = session.attribute(key, type);
    return value && value->size() == 1 && (value->front() != CK_FALSE) == wanted;
  };
  for (const auto& [type, wanted] :
       {std::pair{CKA_SENSITIVE, true}, {CKA_EXTRACTABLE, false}, {CKA_WRAP, false}, {CKA_UNWRAP, false}})
    if (!is_set(type, wanted))
      return fail(
          ErrorKind::conflict, "HF-KEY-0010",
          "the token did not keep the key-encryption key as asked for: it could leave the token, or take keys out",
          "attribute " + std::to_string(type));
  return {};
}

class Pkcs11KekStore final : public KekStore {
 public:
  Pkcs11KekStore(TokenConfig config, std::shared_ptr<p11::Module> module, Secret pin)
      : config_(std::move(config)), module_(std::move(module)), pin_(std::move(pin)) {}

  Result<Kek> generate(std::string_view label) override {
    const FileLock lock(lock_file());  // SoftHSM's files, and what another process makes at once
    HF_TRY(auto session, open(true));
    const std::lock_guard admin(module_->admin());
    HF_TRY(const auto there, session.find(of_secret_keys().text(CKA_LABEL, label)));
    if (!there.empty())
      return fail(ErrorKind::conflict, "HF-KEY-0007",
                  "the token has a key-encryption key labelled " + std::string(label) + " already");
    Kek kek{.label = std::string(label), .id = random_bytes(kIdSize)};
    HF_TRY(const auto key, make(session, kek));
    HF_CHECK(check_custody(session, key));
    HF_TRY(kek.fingerprint, fingerprint_of(session, key));
    if (config_.ours) HF_CHECK(keep_token_objects(config_.record_file.parent_path()));
    return kek;
  }

  Result<Bytes> wrap(const Kek& kek, ByteView key, ByteView context) override {
    HF_TRY(auto session, open(false));
    HF_TRY(const auto handle, find(session, kek));
    auto out = random_bytes(kGcmNonce);
    HF_TRY(const auto sealed, encrypt(session, handle, out, key, context));
    out.insert(out.end(), sealed.begin(), sealed.end());
    return out;
  }

  Result<Secret> unwrap(const Kek& kek, ByteView wrapped, ByteView context) override {
    if (wrapped.size() < kGcmNonce + kGcmTag)
      return fail(ErrorKind::invalid, "HF-CIPHER-0002", "the wrapped content key is too short");
    HF_TRY(auto session, open(false));
    HF_TRY(const auto handle, find(session, kek));
    return decrypt(session, handle, wrapped.first(kGcmNonce), wrapped.subspan(kGcmNonce), context);
  }

 private:
  [[nodiscard]] std::filesystem::path lock_file() const { return config_.record_file.string() + ".lock"; }

  Result<Session> open(bool writable) const {
    HF_TRY(const auto token, module_->token(config_.token_label));
    HF_TRY(auto session, Session::open(module_, token.slot, writable));
    HF_CHECK(session.login(CKU_USER, pin_));
    return session;
  }

  static Result<CK_OBJECT_HANDLE> make(Session& session, const Kek& kek) {
    Template wanted = of_secret_keys();
    wanted.text(CKA_LABEL, kek.label)
        .bytes(CKA_ID, kek.id)
        .number(CKA_VALUE_LEN, kKeyBytes)
        .flag(CKA_PRIVATE, true)
        .flag(CKA_SENSITIVE, true)
        .flag(CKA_EXTRACTABLE, false)
        .flag(CKA_COPYABLE, false)
        .flag(CKA_MODIFIABLE, false)
        .flag(CKA_ENCRYPT, true)
        .flag(CKA_DECRYPT, true)
        .flag(CKA_WRAP, false)
        .flag(CKA_UNWRAP, false)
        .flag(CKA_SIGN, false)
        .flag(CKA_VERIFY, false)
        .flag(CKA_DERIVE, false);
    CK_MECHANISM how{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    HF_CHECK(HF_P11_CALL(session.module(), C_GenerateKey, session.handle(), &how, wanted.data(), wanted.size(), &key));
    return key;
  }

  Result<CK_OBJECT_HANDLE> find(Session& session, const Kek& kek) const {
    const std::lock_guard admin(module_->admin());
    HF_TRY(const auto found, session.find(of_secret_keys().bytes(CKA_ID, kek.id)));
    if (found.empty())
      return fail(ErrorKind::not_found, "HF-KEY-0002", "the token has no key-encryption key " + kek.label);
    HF_TRY(const auto fingerprint, fingerprint_of(session, found.front()));
    if (found.size() != 1 || fingerprint != kek.fingerprint)
      return fail(ErrorKind::conflict, "HF-KEY-0005",
                  "the token holds another key-encryption key than the one recorded as " + kek.label);
    return found.front();
  }

  TokenConfig config_;
  std::shared_ptr<p11::Module> module_;
  const Secret pin_;
};

}  // namespace

Result<std::unique_ptr<KekStore>> open_kek_store(const TokenConfig& config) {
  HF_TRY(auto pin, read_pin_file(config.pin_file));
  HF_TRY(auto module, p11::Module::load(config.module_path));
  return std::make_unique<Pkcs11KekStore>(config, std::move(module), std::move(pin));
}

}  // namespace hf::crypto
