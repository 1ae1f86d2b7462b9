// One PKCS#11 session and the object calls made on it. Internal to this folder: includes pkcs11.h.
// A session is for one thread at a time. find(), generate and destroy want the module's admin() lock held.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "base/text.h"
#include "crypto/p11/module.h"
#include "crypto/secret.h"

namespace hf::crypto::p11 {

// A list of attributes that owns its values.
class Template {
 public:
  Template() = default;
  Template(Template&&) = default;
  Template& operator=(Template&&) = default;
  ~Template() = default;
  Template& operator=(const Template&) = delete;
  Template(const Template& other) {  // its attributes point into itself
    for (std::size_t i = 0; i < other.attributes_.size(); ++i) bytes(other.attributes_[i].type, other.values_[i]);
  }
  Template& flag(CK_ATTRIBUTE_TYPE type, bool value) {
    return bytes(type, Bytes{value ? CK_BYTE{CK_TRUE} : CK_BYTE{CK_FALSE}});
  }
  Template& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
    return bytes(type, Bytes(raw, raw + sizeof value));
  }
  Template& bytes(CK_ATTRIBUTE_TYPE type, Bytes value) {
    auto& kept = values_.emplace_back(std::move(value));
    attributes_.push_back({type, kept.data(), kept.size()});
    return *this;
  }
  Template& text(CK_ATTRIBUTE_TYPE type, std::string_view value) {
    return bytes(type, Bytes(value.begin(), value.end()));
  }

  [[nodiscard]] CK_ATTRIBUTE* data() { return attributes_.data(); }
  [[nodiscard]] CK_ULONG size() const { return attributes_.size(); }

 private:
  std::deque<Bytes> values_;  // addresses stay when it grows
  std::vector<CK_ATTRIBUTE> attributes_;
};

class Session {
 public:
  static Result<Session> open(std::shared_ptr<Module> module, CK_SLOT_ID slot, bool writable);
  ~Session() { close(); }
  Session(Session&& other) noexcept : module_(std::move(other.module_)), handle_(other.handle_) {}
  Session& operator=(Session&& other) noexcept {
    std::swap(module_, other.module_), std::swap(handle_, other.handle_);
    return *this;
  }

  // For the whole token, not this session. Ok if the user is logged in already.
  [[nodiscard]] Result<void> login(CK_USER_TYPE user, const Secret& pin);

  [[nodiscard]] Result<std::vector<CK_OBJECT_HANDLE>> find(Template pattern);
  [[nodiscard]] Result<Bytes> attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  struct Pair {
    CK_OBJECT_HANDLE public_key{}, private_key{};
  };
  [[nodiscard]] Result<Pair> generate_pair(CK_MECHANISM_TYPE mechanism, Template public_key, Template private_key);
  [[nodiscard]] Result<void> destroy(CK_OBJECT_HANDLE object);
  // `again` for a key with CKA_ALWAYS_AUTHENTICATE: the PIN, given to the token for this one signature.
  [[nodiscard]] Result<Bytes> sign(CK_OBJECT_HANDLE key, CK_MECHANISM mechanism, ByteView data,
                                   const Secret* again = nullptr);

  [[nodiscard]] Module& module() const { return *module_; }
  [[nodiscard]] CK_SESSION_HANDLE handle() const { return handle_; }

 private:
  Session(std::shared_ptr<Module> module, CK_SESSION_HANDLE handle) : module_(std::move(module)), handle_(handle) {}
  void close();

  std::shared_ptr<Module> module_;  // null: moved from
  CK_SESSION_HANDLE handle_{};
};

}  // namespace hf::crypto::p11
