#include "crypto/token_setup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "crypto/key_record.h"
#include "crypto/p11/key_pair.h"
#include "crypto/p11/key_store.h"
#include "crypto/random.h"
#include "crypto/token.h"
#include "crypto/token_copy.h"

namespace hf::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPathMax = 900;   // SoftHSM reads its configuration by lines of 1,023 characters
constexpr std::size_t kLabelSize = 32;  // CK_TOKEN_INFO

auto file_system(const fs::path& path, const std::error_code& error) {
  return fail(ErrorKind::unavailable, "HF-TOKEN-0004", "cannot prepare " + path.string(), error.message());
}

std::string configuration_for(const fs::path& directory) {
  return fmt::format(
      "directories.tokendir = {}\n"
      "objectstore.backend = file\n"
      "log.level = ERROR\n"
      "slots.removable = false\n"
      "slots.mechanisms = ALL\n"
      "library.reset_on_fork = true\n",  // without it a forked child signs with its parent's login
      (directory / "tokens").string());
}

// '#' begins a comment and lines end a value, with no way to write either.
bool fits_configuration(const std::string& path) {
  return path.size() <= kPathMax && !path.ends_with(' ') &&
         std::ranges::none_of(path, [](char c) { return c == '#' || std::uint8_t(c) < 0x20; });
}

Result<void> use_configuration(const fs::path& directory) {
  const auto path = directory / "softhsm2.conf";
  const auto text = configuration_for(directory);
  const auto kept = read_private_file(path, text.size());
  if (!kept || kept->text() != text) HF_CHECK(write_private_file(path, bytes_of(text)));
  ::setenv("SOFTHSM2_CONF", path.c_str(), 1);
  return {};
}

Result<void> sync_tree(const fs::path& root) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error)) {
      HF_CHECK(sync_directory(at->path()));
      continue;
    }
    const int file = ::open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const bool synced = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    if (!synced) return file_system(at->path(), std::error_code(errno, std::generic_category()));
  }
  if (error) return file_system(root, error);
  return sync_directory(root);
}

// C_InitToken on the free slot that SoftHSM always offers, then the user's PIN.
Result<void> initialize_token(const std::shared_ptr<p11::Module>& module, const Secret& so_pin,
                              const Secret& user_pin) {
  HF_TRY(const auto tokens, module->tokens());
  const auto blank = std::ranges::find(tokens, false, &p11::Token::initialized);
  if (blank == tokens.end())
    return fail(ErrorKind::unavailable, "HF-TOKEN-0001", "the PKCS#11 module offers no free slot");
  std::string label(kSoftTokenLabel);
  label.resize(kLabelSize, ' ');
  const auto bytes = [](const Secret& secret) { return const_cast<CK_BYTE*>(secret.bytes().data()); };
  HF_CHECK(HF_P11_CALL(*module, C_InitToken, blank->slot, bytes(so_pin), so_pin.size(),
                       reinterpret_cast<CK_BYTE*>(label.data())));
  HF_TRY(const auto token, module->token(kSoftTokenLabel));  // by label: SoftHSM has given it another slot number
  HF_TRY(auto session, p11::Session::open(module, token.slot, true));
  HF_CHECK(session.login(CKU_SO, so_pin));
  return HF_P11_CALL(*module, C_InitPIN, session.handle(), bytes(user_pin), user_pin.size());
}

Result<p11::KeyPair> find_or_generate(p11::Session& session, const KeySpec& spec, bool ours) {
  if (ours) HF_CHECK(p11::destroy_halves(session, spec.label));
  auto pair = p11::find_key_pair(session, spec.label);
  if (!pair && pair.error().code == "HF-KEY-0002") pair = p11::generate_key_pair(session, spec.algorithm, spec.label);
  if (pair && pair->public_key.algorithm != spec.algorithm)
    return fail(ErrorKind::conflict, "HF-KEY-0006",
                "the token's key " + spec.label + " is not of algorithm " + std::string(name_of(spec.algorithm)));
  return pair;
}

Result<void> prove(p11::Session& session, const p11::KeyPair& pair, const KeySpec& spec, const Secret& pin) {
  const auto message = "holdfast: first use of key " + spec.label;  // never the text of a checkpoint, which has lines
  const auto scheme = default_scheme_of(pair.public_key.algorithm);
  HF_TRY(const auto signature, p11::sign(session, pair, scheme, signing_input(scheme, bytes_of(message)), pin));
  if (!verify(pair.public_key, bytes_of(message), signature))
    return fail(ErrorKind::internal, "HF-KEY-0003",
                "the two halves of the token's key " + spec.label + " do not belong together");
  return {};
}

fs::path lock_file_of(const TokenConfig& config) { return config.record_file.string() + ".lock"; }

Result<KeyRecord> ensure_keys(const TokenConfig& config, std::span<const KeySpec> keys, const Secret& pin) {
  const FileLock lock(lock_file_of(config));
  if (!lock) return file_system(config.record_file, std::error_code(errno, std::generic_category()));
  if (config.ours) HF_CHECK(restore_token_objects(config.record_file.parent_path()));
  HF_TRY(auto record, read_key_record(config.record_file));
  for (const auto& spec : keys) {
    const auto recorded = record.find(spec.label);
    if (recorded == record.end()) continue;
    if (recorded->second.algorithm != spec.algorithm)
      return fail(ErrorKind::conflict, "HF-KEY-0006", "the recorded key " + spec.label + " is of another algorithm");
  }
  if (std::ranges::all_of(keys, [&](const auto& spec) { return record.contains(spec.label); })) return record;

  HF_TRY(auto module, p11::Module::load(config.module_path));
  HF_TRY(const auto token, module->token(config.token_label));
  HF_TRY(auto session, p11::Session::open(module, token.slot, true));
  HF_CHECK(session.login(CKU_USER, pin));
  const std::lock_guard admin(module->admin());
  for (const auto& spec : keys) {
    if (record.contains(spec.label)) continue;
    HF_TRY(const auto pair, find_or_generate(session, spec, config.ours));
    HF_CHECK(prove(session, pair, spec, pin));
    record.emplace(spec.label, RecordedKey{spec.algorithm, {pair.id, fingerprint_of(pair.public_key)}});
    HF_CHECK(write_key_record(config.record_file, record));
  }
  return record;
}

TokenConfig config_in(const fs::path& directory, const std::string& module_path) {
  return {module_path, std::string(kSoftTokenLabel), directory / "user.pin", directory / "keys.json", true};
}

Result<void> make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directory(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return file_system(path, error);
  return {};
}

Result<void> build_token(const fs::path& directory, std::span<const KeySpec> keys, const std::string& module_path) {
  HF_CHECK(make_directory(directory));
  HF_CHECK(make_directory(directory / "tokens"));
  // 256 bits each: SoftHSM never locks a PIN and hashes it only 1,500 times or so.
  const auto so_pin = random_token(), user_pin = random_token();
  HF_CHECK(write_private_file(directory / "so.pin", so_pin.bytes()));
  HF_CHECK(write_private_file(directory / "user.pin", user_pin.bytes()));
  HF_CHECK(use_configuration(directory));
  {
    HF_TRY(const auto module, p11::Module::load(module_path));
    HF_CHECK(initialize_token(module, so_pin, user_pin));
    HF_TRY(const auto record, ensure_keys(config_in(directory, module_path), keys, user_pin));
  }  // finalized: SoftHSM reads its configuration only when it is initialized
  HF_CHECK(keep_token_objects(directory));
  return sync_tree(directory);
}

}  // namespace

std::string find_soft_module() {
  for (const auto* path : {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
                           "/usr/lib64/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"})
    if (::access(path, R_OK) == 0) return path;
  return {};
}

Result<TokenConfig> set_up_soft_token(const fs::path& data_dir, std::span<const KeySpec> keys,
                                      std::string module_path) {
  if (module_path.empty())
    return fail(ErrorKind::unavailable, "HF-TOKEN-0001",
                "SoftHSM is not installed; install softhsm2, or configure a PKCS#11 module");
  std::error_code error;
  fs::create_directories(data_dir, error);
  const auto base = error ? data_dir : fs::canonical(data_dir, error);
  if (error) return file_system(data_dir, error);
  const auto directory = base / "token", draft = base / "token.new";
  if (!fits_configuration(draft.string()))
    return fail(ErrorKind::invalid, "HF-TOKEN-0002",
                "the path of the data directory is too long, or has a '#' or a control character");

  const FileLock lock(base / "token.lock");
  if (!lock) return file_system(base, std::error_code(errno, std::generic_category()));
  const bool there = fs::exists(directory, error);
  if (error) return file_system(directory, error);
  if (p11::Module::loaded(module_path)) {
    const char* const used = std::getenv("SOFTHSM2_CONF");
    if (!there || !used || directory / "softhsm2.conf" != used)
      return fail(ErrorKind::conflict, "HF-TOKEN-0003", "the PKCS#11 module is in use for another token directory");
  }
  if (!there) {
    fs::remove_all(draft, error);  // of an interrupted first start: nothing has used it
    if (error) return file_system(draft, error);
    HF_CHECK(build_token(draft, keys, module_path));
    fs::rename(draft, directory, error);
    if (error) return file_system(directory, error);
    HF_CHECK(sync_directory(base));
  }
  HF_CHECK(use_configuration(directory));
  return config_in(directory, module_path);
}

Result<std::unique_ptr<KeyStore>> open_key_store(const TokenConfig& config, std::span<const KeySpec> keys) {
  HF_TRY(auto pin, read_pin_file(config.pin_file));
  HF_TRY(const auto record, ensure_keys(config, keys, pin));
  p11::KeyStoreConfig store_config{config.module_path, config.token_label, {}, lock_file_of(config)};
  for (const auto& [label, key] : record) store_config.pins.emplace(label, key.pin);
  HF_TRY(std::unique_ptr<KeyStore> store, p11::Pkcs11KeyStore::open(std::move(store_config), std::move(pin)));
  for (const auto& spec : keys) {  // a lost or exchanged key shows at the start, not at the first signature
    HF_TRY(const auto key, store->public_key(spec.label));
    static_cast<void>(key);
  }
  if (config.ours) {
    const FileLock lock(lock_file_of(config));
    if (!lock) return file_system(config.record_file, std::error_code(errno, std::generic_category()));
    HF_CHECK(keep_token_objects(config.record_file.parent_path()));  // as of a log-in that succeeded
  }
  return store;
}

namespace {

// Our soft token, whose object files SoftHSM can tear: put back before it is opened, kept after each new key.
class KeptToken final : public Token {
 public:
  KeptToken(TokenConfig config, std::unique_ptr<Token> token) : config_(std::move(config)), token_(std::move(token)) {}

  Result<TokenInfo> info() override { return token_->info(); }
  Result<TokenContents> contents() override { return token_->contents(); }
  Result<PublicKey> public_key(const KeyPin& key) override { return token_->public_key(key); }
  Result<Bytes> sign(const KeyPin& key, SignatureScheme scheme, ByteView input) override {
    return token_->sign(key, scheme, input);
  }
  Result<TokenKey> generate(KeyAlgorithm algorithm, std::string_view label) override {
    const FileLock lock(lock_file_of(config_));
    if (!lock) return file_system(config_.record_file, std::error_code(errno, std::generic_category()));
    auto key = token_->generate(algorithm, label);
    if (key) HF_CHECK(keep_token_objects(config_.record_file.parent_path()));
    return key;
  }

 private:
  TokenConfig config_;
  std::unique_ptr<Token> token_;
};

}  // namespace

Result<std::unique_ptr<Token>> open_token(const TokenConfig& config) {
  HF_TRY(auto pin, read_pin_file(config.pin_file));
  if (config.ours) HF_CHECK(use_configuration(config.record_file.parent_path()));
  HF_TRY(std::unique_ptr<Token> token,
         p11::Pkcs11KeyStore::open({config.module_path, config.token_label, {}, lock_file_of(config)}, std::move(pin)));
  if (config.ours) token = std::make_unique<KeptToken>(config, std::move(token));
  return token;
}

bool may_have_signed(const Error& error) {
  // The token answered: these say that nothing was signed. HF-KEY-0003 is a signature, though a wrong one.
  for (const auto* sure : {"HF-KEY-0002", "HF-KEY-0004", "HF-KEY-0005", "HF-KEY-0006", "HF-P11-0001", "HF-P11-0002",
                           "HF-P11-0015", "HF-P11-0016"})
    if (error.code == sure) return false;
  return true;
}

}  // namespace hf::crypto
