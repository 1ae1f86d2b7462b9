// What signs for tools that only know a token: each digest that they hand over becomes a use of a key, under a standing
// grant that the tool names, or under a request that people approve meanwhile.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "keys/agent/mechanism.h"
#include "keys/desk.h"

namespace hf::keys::agent {

struct Context {  // of every use
  std::string product, branch, reason;
  std::string grant{};  // where the tool names none
};

struct KnownKey {
  std::string name;
  crypto::PublicKey key;
};

// For any number of threads.
class Agent {
 public:
  // HF-KEYS-0011 for a key that the desk does not know.
  [[nodiscard]] static Result<std::unique_ptr<Agent>> open(std::unique_ptr<Desk> desk,
                                                           const std::vector<std::string>& keys, Context context);

  [[nodiscard]] const std::vector<KnownKey>& keys() const { return keys_; }
  [[nodiscard]] Result<KnownKey> key(std::string_view name) const;  // HF-AGENT-0002; empty: the only one

  // As the scheme gives it: r || s, or RSA. A grant is named by a beginning of its digest; empty or "-": the context's,
  // else a request is made, and the same digest is signed when it is approved. HF-AGENT-0003: it waits for that, with
  // the request's digest. Others: the desk's.
  [[nodiscard]] Result<Bytes> sign(const KnownKey& key, const Prepared& prepared, std::string_view grant,
                                   std::string_view name);

 private:
  Agent(std::unique_ptr<Desk> desk, std::vector<KnownKey> keys, Context context)
      : desk_(std::move(desk)), keys_(std::move(keys)), context_(std::move(context)) {}
  Result<Bytes> sign_when_approved(NewRequest wanted);

  std::unique_ptr<Desk> desk_;
  std::vector<KnownKey> keys_;
  Context context_;
  std::mutex asking_;  // two tools with one digest make one request
};

}  // namespace hf::keys::agent
