// The agent's local socket: for processes of the same user alone, one thread a connection.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/descriptor.h"
#include "keys/agent/agent.h"

namespace hf::keys::agent {

inline constexpr int kConnectionsMax = 64;

class Socket {
 public:
  // Said of every signature and every refusal.
  using Tell = std::function<void(std::string_view)>;

  // HF-AGENT-0004: it cannot be made there, or another agent answers at it. What an agent that died left is replaced.
  [[nodiscard]] static Result<std::unique_ptr<Socket>> serve(const std::filesystem::path& path, Agent& agent,
                                                             Tell tell);
  ~Socket();  // ends every connection; the path is gone

 private:
  struct State;
  explicit Socket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The other end, for commands: a connection to the agent. HF-AGENT-0005: nobody answers there.
class Caller {
 public:
  [[nodiscard]] static Result<Caller> connect(const std::filesystem::path& path);

  // HF-AGENT-0006 with the agent's own words for what it refuses.
  [[nodiscard]] Result<std::vector<Bytes>> ask(std::uint8_t op, const std::vector<Bytes>& fields);

 private:
  explicit Caller(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

}  // namespace hf::keys::agent
