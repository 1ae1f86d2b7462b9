#include "keys/agent/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <thread>

#include "keys/agent/wire.h"

namespace hf::keys::agent {
namespace {

std::optional<Mechanism> mechanism_in(const Bytes& field) {
  const auto number = number_in(field);
  return number ? mechanism_of(*number) : std::nullopt;
}

// Curves by the OID of their parameters (RFC 5480 section 2.1.1.1), DER.
constexpr std::array<std::uint8_t, 10> kP256{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 7> kP384{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

std::vector<Bytes> fields_of(const std::vector<KnownKey>& keys) {
  std::vector<Bytes> fields;
  for (const auto& [name, key] : keys) {
    const auto fingerprint = fingerprint_of(key);
    const Bytes id(fingerprint.begin(), fingerprint.end());
    if (const auto numbers = rsa_numbers_of(key)) {
      for (const auto& field : {field_of(name), field_of("rsa"), id, numbers->modulus, numbers->exponent})
        fields.push_back(field);
      continue;
    }
    if (key.algorithm != crypto::KeyAlgorithm::ecdsa_p256 && key.algorithm != crypto::KeyAlgorithm::ecdsa_p384)
      continue;  // Ed25519 signs the message itself, which no tool hands to a token as a digest
    const Bytes curve = key.algorithm == crypto::KeyAlgorithm::ecdsa_p256 ? Bytes(kP256.begin(), kP256.end())
                                                                          : Bytes(kP384.begin(), kP384.end());
    for (const auto& field : {field_of(name), field_of("ec"), id, curve, key.point}) fields.push_back(field);
  }
  return fields;
}

Status status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found: return Status::not_found;
    case ErrorKind::invalid: return error.code == "HF-AGENT-0001" ? Status::unsupported : Status::refused;
    case ErrorKind::unavailable:
    case ErrorKind::internal: return Status::unavailable;
    default: return Status::refused;
  }
}

// One connection: what a tool began to hash is its own.
class Conversation {
 public:
  Conversation(int descriptor, Agent& agent, const Socket::Tell& tell)
      : descriptor_(descriptor), agent_(agent), tell_(tell) {}

  void run() {
    while (const auto frame = read_frame(descriptor_)) {
      const auto answer = answer_to(*frame);
      if (!answer) tell_("refused: " + answer.error().message);  // before whoever asked goes on
      const bool sent = answer ? write_frame(descriptor_, std::uint8_t(Status::ok), *answer)
                               : write_frame(descriptor_, std::uint8_t(status_of(answer.error())),
                                             {field_of(answer.error().message)});
      if (!sent) return;
    }
  }

 private:
  Result<std::vector<Bytes>> answer_to(const Frame& frame) {
    const auto& in = frame.fields;
    switch (Op(frame.kind)) {
      case Op::keys: return fields_of(agent_.keys());
      case Op::hash: {
        const auto mechanism = in.size() == 1 ? mechanism_in(in[0]) : std::nullopt;
        const auto hash = mechanism ? hash_of(*mechanism) : std::nullopt;
        if (!hash) return fail(ErrorKind::invalid, "HF-AGENT-0001", "the mechanism hashes nothing");
        hashing_.emplace(*hash);
        return std::vector<Bytes>();
      }
      case Op::update:
        if (in.size() != 1 || !hashing_) return fail(ErrorKind::invalid, "HF-AGENT-0001", "nothing is being hashed");
        hashing_->update(in[0]);
        return std::vector<Bytes>();
      case Op::sign: return sign(in);
    }
    return fail(ErrorKind::invalid, "HF-AGENT-0001", "the agent does not know this operation");
  }

  Result<std::vector<Bytes>> sign(const std::vector<Bytes>& in) {
    constexpr std::size_t kFields = 5;
    const auto mechanism = in.size() == kFields ? mechanism_in(in[1]) : std::nullopt;
    if (!mechanism) return fail(ErrorKind::invalid, "HF-AGENT-0001", "the mechanism is not known");
    auto data = in[4];
    if (hash_of(*mechanism)) {
      if (!hashing_) return fail(ErrorKind::invalid, "HF-AGENT-0001", "the message was not hashed");
      data = hashing_->finish();
      hashing_.reset();
    }
    HF_TRY(const auto key, agent_.key(text_of(in[0])));
    HF_TRY(const auto prepared, prepare(*mechanism, in[2], key.key.algorithm, data));
    HF_TRY(auto signature, agent_.sign(key, prepared, text_of(in[3]), "digest from a tool"));
    tell_("signed " + to_hex(prepared.digest) + " with " + key.name);
    return std::vector<Bytes>{std::move(signature)};
  }

  int descriptor_;
  Agent& agent_;
  const Socket::Tell& tell_;
  std::optional<crypto::DigestStream> hashing_;
};

bool same_user(int descriptor) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path)
    return fail(ErrorKind::invalid, "HF-AGENT-0004",
                "a socket's path has 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes");
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

Descriptor connected(const sockaddr_un& address) {
  Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made || ::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return made;
}

}  // namespace

struct Socket::State {
  std::filesystem::path path;
  Agent& agent;
  Tell tell;
  Descriptor listening;
  std::mutex mutex;
  struct Connection {
    Descriptor descriptor;
    std::thread thread;
    bool ended = false;
  };
  std::list<Connection> connections;
  bool ending = false;
  std::thread accepting;

  State(std::filesystem::path at, Agent& with, Tell say) : path(std::move(at)), agent(with), tell(std::move(say)) {}

  void accept_all() {
    for (;;) {
      Descriptor peer(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const std::lock_guard lock(mutex);
      if (ending) return;
      if (!peer && (errno == EINTR || errno == ECONNABORTED)) continue;
      if (!peer) return;
      for (auto one = connections.begin(); one != connections.end();) {
        if (!one->ended) {
          ++one;
          continue;
        }
        one->thread.join();
        one = connections.erase(one);
      }
      if (!same_user(peer.get()) || connections.size() >= std::size_t(kConnectionsMax)) continue;
      auto& connection = connections.emplace_back();
      connection.descriptor = std::move(peer);
      connection.thread = std::thread([this, &connection] {
        Conversation(connection.descriptor.get(), agent, tell).run();
        ::shutdown(connection.descriptor.get(), SHUT_RDWR);
        const std::lock_guard end(mutex);
        connection.ended = true;
      });
    }
  }
};

Socket::Socket(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Socket>> Socket::serve(const std::filesystem::path& path, Agent& agent, Tell tell) {
  HF_TRY(const auto address, address_of(path));
  if (connected(address))
    return fail(ErrorKind::conflict, "HF-AGENT-0004", "another agent answers at " + path.string());
  const auto cannot = [&] {
    return fail(ErrorKind::invalid, "HF-AGENT-0004",
                "no socket can be made at " + path.string() + ": " + std::strerror(errno));
  };
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode) || ::unlink(path.c_str()) != 0) {
      errno = EEXIST;
      return cannot();
    }
  }
  auto state = std::make_unique<State>(path, agent, std::move(tell));
  state->listening = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto before = ::umask(0177);  // so that the socket is never open to others, not even for a moment
  const bool bound = state->listening &&
                     ::bind(state->listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(before);
  if (!bound || ::listen(state->listening.get(), kConnectionsMax) != 0) return cannot();
  auto* raw = state.get();
  state->accepting = std::thread([raw] { raw->accept_all(); });
  return std::unique_ptr<Socket>(new Socket(std::move(state)));
}

Socket::~Socket() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    for (auto& one : state_->connections) ::shutdown(one.descriptor.get(), SHUT_RDWR);
  }
  ::shutdown(state_->listening.get(), SHUT_RDWR);  // wakes accept()
  state_->accepting.join();
  for (auto& one : state_->connections) one.thread.join();
  ::unlink(state_->path.c_str());
}

Result<Caller> Caller::connect(const std::filesystem::path& path) {
  HF_TRY(const auto address, address_of(path));
  auto made = connected(address);
  if (!made)
    return fail(ErrorKind::unavailable, "HF-AGENT-0005",
                "no agent answers at " + path.string() + "; 'holdfast agent run' starts one");
  return Caller(std::move(made));
}
Result<std::vector<Bytes>> Caller::ask(std::uint8_t op, const std::vector<Bytes>& fields) {
  if (!write_frame(descriptor_.get(), op, fields))
    return fail(ErrorKind::unavailable, "HF-AGENT-0005", "the agent is gone");
  auto answer = read_frame(descriptor_.get());
  if (!answer) return fail(ErrorKind::unavailable, "HF-AGENT-0005", "the agent is gone");
  if (Status(answer->kind) == Status::ok) return std::move(answer->fields);
  const auto text =
      answer->fields.empty() ? std::string("the agent refuses") : std::string(text_of(answer->fields.front()));
  const auto kind = Status(answer->kind) == Status::refused       ? ErrorKind::forbidden
                    : Status(answer->kind) == Status::not_found   ? ErrorKind::not_found
                    : Status(answer->kind) == Status::unavailable ? ErrorKind::unavailable
                                                                  : ErrorKind::invalid;
  return fail(kind, "HF-AGENT-0006", text);
}

}  // namespace hf::keys::agent
