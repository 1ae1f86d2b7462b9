#include "crypto/p11/key_store.h"

#include <mutex>
#include <optional>

#include "crypto/p11/key_pair.h"
#include "crypto/private_file.h"

namespace hf::crypto::p11 {
namespace {

constexpr std::size_t kIdleSessionsMax = 16;

}  // namespace

class Pkcs11KeyStore::Connection {
 public:
  Connection(KeyStoreConfig config, Secret pin) : config_(std::move(config)), pin_(std::move(pin)) {}

  Result<void> open() {
    const auto lock = process_lock();
    HF_TRY(module_, Module::load(config_.module_path));
    return connect();
  }

  // Runs `use(session, key)` with a session of its own, again after what can be mended was mended.
  template <class Use>
  auto with_key(std::string_view label, Use use)
      -> decltype(use(std::declval<Session&>(), std::declval<const KeyPair&>())) {
    for (bool again = true;; again = false) {
      std::uint64_t seen = 0;
      auto result = try_with_key(label, use, seen);
      if (result || !mend(result.error(), seen) || !again) return result;
    }
  }

  // The same for a key by its pin, found once and kept under its id.
  template <class Use>
  auto with_key(const KeyPin& pin, Use use) -> decltype(use(std::declval<Session&>(), std::declval<const KeyPair&>())) {
    const auto name = "id:" + to_hex(pin.id);
    {
      const std::lock_guard lock(mutex_);
      const auto [known, fresh] = config_.pins.try_emplace(name, pin);
      if (known->second != pin)
        return fail(ErrorKind::conflict, "HF-KEY-0005", "the key is used under another fingerprint", name);
    }
    return with_key(std::string_view(name), use);
  }

  // Runs `use(session)` in a session that may write, alone among those who look for or make objects.
  template <class Use>
  auto administer(Use use) -> decltype(use(std::declval<Session&>())) {
    std::unique_lock lock(mutex_);
    HF_CHECK(ensure_login());
    const auto slot = slot_;
    lock.unlock();
    HF_TRY(auto session, Session::open(module_, slot, true));
    const std::lock_guard admin(module_->admin());
    return use(session);
  }
  [[nodiscard]] Result<p11::Token> token() const { return module_->token(config_.token_label); }

  [[nodiscard]] const Secret& pin() const { return pin_; }

 private:
  template <class Use>
  auto try_with_key(std::string_view label, Use use, std::uint64_t& seen)
      -> decltype(use(std::declval<Session&>(), std::declval<const KeyPair&>())) {
    std::unique_lock lock(mutex_);
    seen = state_;
    HF_CHECK(ensure_login());
    HF_TRY(auto session, take_session());
    HF_TRY(const auto key, resolve(session, label));
    lock.unlock();
    auto result = use(session, key);
    lock.lock();
    // A session that failed may be stuck in its operation, one from before a mending may be dead: those are closed.
    if (result && seen == state_ && idle_.size() < kIdleSessionsMax) idle_.push_back(std::move(session));
    return result;
  }

  std::unique_ptr<FileLock> process_lock() const {
    return config_.lock_file.empty() ? nullptr : std::make_unique<FileLock>(config_.lock_file);
  }

  Result<void> ensure_login() {
    if (refused_pin_) return fail(*refused_pin_);
    if (anchor_) return {};
    const auto lock = process_lock();
    return connect();
  }

  Result<void> connect() {
    HF_TRY(const auto token, module_->token(config_.token_label));
    HF_TRY(auto session, Session::open(module_, token.slot, false));
    HF_CHECK(login(session));
    slot_ = token.slot;
    anchor_.emplace(std::move(session));
    return {};
  }

  Result<void> login(Session& session) {
    auto done = session.login(CKU_USER, pin_);
    if (!done && is(done.error(), Failure::pin)) refused_pin_ = done.error();
    return done;
  }

  Result<Session> take_session() {
    if (idle_.empty()) return Session::open(module_, slot_, false);
    auto session = std::move(idle_.back());
    idle_.pop_back();
    return session;
  }

  // Handles are kept: finding an object is linear in the token's population, 68 ms among 2,000 pairs in SoftHSM.
  Result<KeyPair> resolve(Session& session, std::string_view label) {
    if (const auto known = keys_.find(label); known != keys_.end()) return known->second;
    const std::lock_guard admin(module_->admin());
    const auto pin = config_.pins.find(label);
    HF_TRY(auto pair, pin != config_.pins.end() ? find_key_pair(session, pin->second) : find_key_pair(session, label));
    config_.pins.try_emplace(std::string(label), KeyPin{pair.id, fingerprint_of(pair.public_key)});
    keys_.insert_or_assign(std::string(label), pair);
    return pair;
  }

  // True if the same call may succeed now.
  bool mend(const Error& error, std::uint64_t seen) {
    const std::lock_guard lock(mutex_);
    if (seen != state_) return !refused_pin_;  // another thread has mended it since
    if (is(error, Failure::object)) {
      keys_.clear();
    } else if (is(error, Failure::login)) {
      const auto process = process_lock();
      if (!anchor_ || !login(*anchor_)) disconnect();
      keys_.clear();  // private objects are not there while logged out; their handles may be new
    } else if (is(error, Failure::session) || is(error, Failure::token)) {
      disconnect();
    } else {
      return false;
    }
    ++state_;
    return !is(error, Failure::token);
  }

  // Closing the last session logs out (2.40 section 5.6): all of them go, and ensure_login() begins anew.
  void disconnect() {
    idle_.clear();
    anchor_.reset();
    keys_.clear();
  }

  std::shared_ptr<Module> module_;  // set by open()
  std::mutex mutex_;                // guards all below
  KeyStoreConfig config_;
  const Secret pin_;
  std::optional<Error> refused_pin_;
  std::uint64_t state_ = 0;  // counts mendings: what was taken before one is not put back after it
  CK_SLOT_ID slot_{};
  std::optional<Session> anchor_;  // stays open, so that the token stays logged in
  std::vector<Session> idle_;
  std::map<std::string, KeyPair, std::less<>> keys_;
};

Pkcs11KeyStore::Pkcs11KeyStore(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Pkcs11KeyStore::~Pkcs11KeyStore() = default;

Result<std::unique_ptr<Pkcs11KeyStore>> Pkcs11KeyStore::open(KeyStoreConfig config, Secret pin) {
  auto connection = std::make_unique<Connection>(std::move(config), std::move(pin));
  HF_CHECK(connection->open());
  return std::unique_ptr<Pkcs11KeyStore>(new Pkcs11KeyStore(std::move(connection)));
}

Result<PublicKey> Pkcs11KeyStore::public_key(std::string_view label) {
  return connection_->with_key(label, [](Session&, const KeyPair& key) -> Result<PublicKey> { return key.public_key; });
}

namespace {

// A wrong handle, a fault in the device or another key behind the handle ends here, not with the receiver.
Result<Bytes> sign_and_verify(Session& session, const KeyPair& key, SignatureScheme scheme, ByteView input,
                              const Secret& pin) {
  HF_TRY(auto signature, p11::sign(session, key, scheme, input, pin));
  if (!key.verifier->verify_input(scheme, input, signature))
    return fail(ErrorKind::internal, "HF-KEY-0003", "the token made a signature that does not verify; it was withheld",
                "CKA_ID " + to_hex(key.id));
  return signature;
}

}  // namespace

Result<Bytes> Pkcs11KeyStore::sign(std::string_view label, ByteView message) {
  return connection_->with_key(label, [&](Session& session, const KeyPair& key) {
    const auto scheme = default_scheme_of(key.public_key.algorithm);
    return sign_and_verify(session, key, scheme, signing_input(scheme, message), connection_->pin());
  });
}

Result<Bytes> Pkcs11KeyStore::sign(const KeyPin& pin, SignatureScheme scheme, ByteView input) {
  return connection_->with_key(pin, [&](Session& session, const KeyPair& key) {
    return sign_and_verify(session, key, scheme, input, connection_->pin());
  });
}

Result<TokenInfo> Pkcs11KeyStore::info() {
  HF_TRY(auto token, connection_->token());
  return TokenInfo{std::move(token.label), std::move(token.manufacturer), std::move(token.model),
                   std::move(token.serial)};
}

Result<PublicKey> Pkcs11KeyStore::public_key(const KeyPin& pin) {
  return connection_->with_key(pin, [](Session&, const KeyPair& key) -> Result<PublicKey> { return key.public_key; });
}

Result<TokenContents> Pkcs11KeyStore::contents() {
  return connection_->administer([](Session& session) { return contents_of(session); });
}

Result<TokenKey> Pkcs11KeyStore::generate(KeyAlgorithm algorithm, std::string_view label) {
  return connection_->administer([&](Session& session) -> Result<TokenKey> {
    const auto there = find_key_pair(session, label);
    if (there || there.error().code != "HF-KEY-0002")
      return fail(ErrorKind::conflict, "HF-KEY-0007",
                  "the token has a key labelled " + std::string(label) + " already");
    HF_TRY(auto pair, generate_key_pair(session, algorithm, label));
    const auto scheme = default_scheme_of(algorithm);
    const auto message = "holdfast: first use of key " + std::string(label);
    HF_TRY(const auto signature,
           sign_and_verify(session, pair, scheme, signing_input(scheme, bytes_of(message)), connection_->pin()));
    static_cast<void>(signature);
    const KeyPin pin{pair.id, fingerprint_of(pair.public_key)};
    return TokenKey{std::string(label), pin, std::move(pair.public_key), custody_of(session, pair.private_key)};
  });
}

}  // namespace hf::crypto::p11
