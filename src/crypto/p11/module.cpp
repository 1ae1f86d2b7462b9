#include "crypto/p11/module.h"

#include <dlfcn.h>
#include <unistd.h>
#include <map>

#include "base/text.h"

namespace hf::crypto::p11 {
namespace {

auto not_loaded(const std::string& path, std::string why) {
  return fail(ErrorKind::unavailable, "HF-P11-0001", "the PKCS#11 module " + path + " cannot be used", std::move(why));
}

struct Registry {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<Module>> modules;
};
// Never destroyed: an owner may let go of its module while statics are being destroyed.
Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

// Fields of fixed size, padded with blanks (2.40 section 3.2).
template <std::size_t N>
std::string padded(const unsigned char (&field)[N]) {
  const std::string text(reinterpret_cast<const char*>(field), N);
  return text.substr(0, text.find_last_not_of(std::string_view(" \0", 2)) + 1);
}

}  // namespace

Module::Module(CK_FUNCTION_LIST* functions, bool finalize)
    : functions_(functions), finalize_(finalize), process_(::getpid()) {}

Module::~Module() {
  const std::lock_guard lock(registry().mutex);  // a load() of the same path waits until this one is finalized
  if (finalize_ && !forked()) functions_->C_Finalize(nullptr);
}

bool Module::forked() const { return process_ != ::getpid(); }

bool Module::loaded(const std::string& path) {
  auto& [mutex, modules] = registry();
  const std::lock_guard lock(mutex);
  const auto found = modules.find(path);
  return found != modules.end() && !found->second.expired();
}

Result<std::shared_ptr<Module>> Module::load(const std::string& path) {
  auto& [mutex, modules] = registry();
  const std::unique_lock lock(mutex);
  if (auto shared = modules[path].lock()) {
    if (!shared->forked()) return shared;
    return not_loaded(path, "the process was forked with the module loaded");
  }
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return not_loaded(path, ::dlerror());
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (!get || get(&functions) != CKR_OK || !functions) return not_loaded(path, "it gives no C_GetFunctionList");
  if (functions->version.major != 2) return not_loaded(path, "it is not of PKCS#11 version 2");
  CK_C_INITIALIZE_ARGS args{};
  args.flags = CKF_OS_LOCKING_OK;  // we call from many threads
  const auto value = functions->C_Initialize(&args);
  if (value != CKR_OK && value != CKR_CRYPTOKI_ALREADY_INITIALIZED)
    return not_loaded(path, "C_Initialize: " + name_of(value));
  std::shared_ptr<Module> module(new Module(functions, value == CKR_OK));
  modules[path] = module;
  return module;
}

Result<std::vector<Token>> Module::tokens() const {
  std::vector<CK_SLOT_ID> slots;
  CK_ULONG count = 0;
  do {  // tokens can come between the two calls
    HF_CHECK(HF_P11_CALL(*this, C_GetSlotList, CK_TRUE, nullptr, &count));
    slots.resize(count);
    const auto listed = HF_P11_CALL(*this, C_GetSlotList, CK_TRUE, slots.data(), &count);
    if (!listed && count <= slots.size()) return fail(listed.error());
  } while (count > slots.size());
  slots.resize(count);
  std::vector<Token> tokens;
  for (const auto slot : slots) {
    CK_TOKEN_INFO info{};
    if (!HF_P11_CALL(*this, C_GetTokenInfo, slot, &info)) continue;  // one sick token must not hide the others
    tokens.push_back({slot, padded(info.label), padded(info.manufacturerID), padded(info.model),
                      padded(info.serialNumber), (info.flags & CKF_TOKEN_INITIALIZED) != 0,
                      (info.flags & CKF_USER_PIN_INITIALIZED) != 0});
  }
  return tokens;
}

Result<Token> Module::token(std::string_view label) const {
  HF_TRY(const auto all, tokens());
  const Token* found = nullptr;
  for (const auto& token : all) {
    if (!token.initialized || token.label != label) continue;
    if (found)
      return fail(ErrorKind::conflict, "HF-P11-0002", "more than one token is labelled " + std::string(label),
                  "serials " + found->serial + " and " + token.serial);
    found = &token;
  }
  if (!found)
    return fail(ErrorKind::unavailable, "HF-P11-0002", "no token is labelled " + std::string(label),
                std::to_string(all.size()) + " tokens present");
  return *found;
}

}  // namespace hf::crypto::p11
