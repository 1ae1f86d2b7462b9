#include "keys/signer/supervisor.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/descriptor.h"
#include "keys/json_fields.h"
#include "keys/signer/channel.h"
#include "keys/signer/wire.h"

extern char** environ;  // NOLINT: POSIX

namespace hf::keys {
namespace {

constexpr int kPatienceDoublings = 6;

auto gone(std::string why) {
  return fail(ErrorKind::unavailable, "HF-SIGNER-0009",
              "the signer ended while it was asked; what it was asked for counts as used", std::move(why));
}

}  // namespace

struct Signer::Child {
  explicit Child(int channel) : socket(channel) {}
  ~Child() {
    ::shutdown(socket.get(), SHUT_RDWR);
    if (reader.joinable()) reader.join();
    if (pid > 0) ::waitpid(pid, nullptr, 0);
  }

  struct Wait {
    std::optional<JsonObject> reply;
    std::condition_variable answered;  // its own: many ask at once, and one answer wakes one
  };

  void read() {
    for (FrameReader frames(socket.get());;) {
      auto message = frames.next();
      const std::lock_guard lock(mutex);
      if (!message) {
        dead = true;
        for (const auto& [id, wait] : waiting) wait->answered.notify_one();
        return;
      }
      const auto* id = message->if_contains("id");
      const auto found = id && id->is_int64() ? waiting.find(id->get_int64()) : waiting.end();
      if (found == waiting.end()) continue;
      found->second->reply = *std::move(message);
      found->second->answered.notify_one();
    }
  }

  // The number of an order's documents, which go with it where the other side does not have them. With `sending` held.
  void show_documents(const SignOrder& order, JsonObject& message) {
    const auto known = std::ranges::find_if(
        shown, [&](const Documents& one) { return one.request == order.request && one.approvals == order.approvals; });
    auto number = std::size_t(known - shown.begin());
    if (known == shown.end()) {
      number = next_shown++ % kDocumentsMax;
      if (number == shown.size()) shown.emplace_back();
      shown[number] = {order.request, order.approvals};
      message["documents"] = documents_json(order);
    }
    message["number"] = number;
  }

  Result<JsonObject> ask(std::string_view op, JsonObject message, std::chrono::milliseconds deadline,
                         const SignOrder* order = nullptr) {
    Wait wait;
    std::unique_lock lock(mutex);
    const auto id = ++ids;
    waiting.emplace(id, &wait);
    lock.unlock();
    message["id"] = id;
    message["op"] = op;
    {
      const std::lock_guard sending_lock(sending);
      if (order) show_documents(*order, message);
      if (!send_frame(socket.get(), message)) {
        lock.lock();
        dead = true;
      }
    }
    if (!lock.owns_lock()) lock.lock();
    const bool in_time = wait.answered.wait_for(lock, deadline, [&] { return wait.reply || dead; });
    waiting.erase(id);
    if (!in_time)
      return fail(ErrorKind::unavailable, "HF-SIGNER-0011",
                  "the token did not answer within " + std::to_string(deadline.count()) +
                      " ms; its signer was stopped, and what it was asked for counts as used");
    if (!wait.reply) return gone("the channel ended");
    if (const auto* error = wait.reply->if_contains("error"); error && error->is_object())
      return fail(error_of(error->get_object()));
    auto* ok = wait.reply->if_contains("ok");
    if (!ok || !ok->is_object()) return gone("an answer that is none");
    return std::move(ok->get_object());
  }

  Descriptor socket;
  pid_t pid = 0;
  std::thread reader;
  std::mutex sending;  // guards the two below
  std::vector<Documents> shown;
  std::size_t next_shown = 0;
  std::mutex mutex;
  std::map<std::int64_t, Wait*> waiting;
  std::int64_t ids = 0;
  bool dead = false;
};

Signer::Signer(SignerConfig config, const Clock& clock) : config_(std::move(config)), clock_(clock) {}

Signer::~Signer() {
  const std::lock_guard lock(mutex_);
  if (child_) end(child_, false);
}

int Signer::process() const {
  const std::lock_guard lock(mutex_);
  return child_ ? child_->pid : 0;
}

// Ends the channel, so that it finishes and goes; or kills it. It is waited for when the last thread lets go of it.
void Signer::end(const std::shared_ptr<Child>& child, bool kill) {
  if (kill && child->pid > 0) ::kill(child->pid, SIGKILL);
  ::shutdown(child->socket.get(), SHUT_WR);
  if (child_ == child) child_.reset();
}

Result<std::shared_ptr<Signer::Child>> Signer::running() {
  if (child_) {
    const std::lock_guard lock(child_->mutex);
    if (!child_->dead) return child_;
  }
  if (child_) end(child_, true);
  if (why_ && clock_.now() < not_before_)
    return fail(ErrorKind::unavailable, "HF-SIGNER-0012", "the signer does not start: " + why_->message,
                std::string(why_->code) + " " + why_->detail);
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return fail(ErrorKind::unavailable, "HF-SIGNER-0012", "the signer does not start", std::strerror(errno));
  const Descriptor theirs(pair[1]);
  auto child = std::make_shared<Child>(pair[0]);
  std::vector<char*> arguments{config_.program.data()};
  for (auto& argument : config_.arguments) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // dup2 onto itself would leave close-on-exec set: then another number in between takes it off (POSIX 2024 differs).
  const int apart = pair[1] == kSignerChannel ? ::fcntl(pair[1], F_DUPFD_CLOEXEC, kSignerChannel + 1) : pair[1];
  const Descriptor apart_owner(apart == pair[1] ? -1 : apart);
  posix_spawn_file_actions_adddup2(&actions, apart, kSignerChannel);
  const int code = ::posix_spawn(&child->pid, config_.program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  const auto failed = [&](Error error) {
    ++failed_starts_;
    not_before_ = clock_.now() + config_.patience * (1 << std::min(failed_starts_ - 1, kPatienceDoublings));
    why_ = error;
    return fail(std::move(error));
  };
  if (code != 0) {
    child->pid = 0;
    return failed({ErrorKind::unavailable, "HF-SIGNER-0012", "the signer does not start", std::strerror(code)});
  }
  child->reader = std::thread([raw = child.get()] { raw->read(); });
  std::vector<const crypto::TokenConfig*> tokens{&config_.token};
  for (const auto& other : config_.others) tokens.push_back(&other);
  // A library that hangs takes the process with it, and its memory of who is ill.
  std::rotate(tokens.begin(), tokens.begin() + std::ptrdiff_t(hangs_ % tokens.size()), tokens.end());
  JsonArray list;
  for (const auto* token : tokens)
    list.push_back(JsonObject{{"module", token->module_path},
                              {"label", token->token_label},
                              {"pin_file", token->pin_file.string()},
                              {"record_file", token->record_file.string()},
                              {"ours", token->ours}});
  const auto opened =
      child->ask("open", {{"tokens", std::move(list)}, {"directory", config_.directory.string()}}, config_.deadline);
  if (!opened) {
    if (opened.error().code == "HF-SIGNER-0011") ++hangs_;
    ::kill(child->pid, SIGKILL);
    return failed(opened.error());
  }
  failed_starts_ = 0;
  why_.reset();
  child_ = child;
  return child;
}

Result<JsonObject> Signer::call(std::string_view op, JsonObject message, const SignOrder* order) {
  std::unique_lock lock(mutex_);
  HF_TRY(const auto child, running());
  lock.unlock();
  auto answer = child->ask(op, std::move(message), config_.deadline, order);
  if (answer) return answer;
  if (answer.error().code == "HF-SIGNER-0011" || answer.error().code == "HF-SIGNER-0009" ||
      answer.error().code == "HF-P11-0014") {
    lock.lock();
    if (answer.error().code == "HF-SIGNER-0011" && child_ == child) ++hangs_;
    end(child, true);
  }
  return answer;
}

Result<JournalHead> Signer::head() {
  HF_TRY(const auto answer, call("head", {}));
  return journal_head_of(answer);
}
Result<SignerUses> Signer::uses() {
  HF_TRY(const auto answer, call("uses", {}));
  SignerUses uses{number_at(answer, "lines"), {}};
  if (const auto* list = object_at(answer, "uses"))
    for (const auto& [version, count] : *list)
      if (count.is_int64()) uses.uses.emplace(version, count.get_int64());
  return uses;
}
Result<crypto::TokenContents> Signer::contents() {
  HF_TRY(const auto answer, call("contents", {}));
  return token_contents_of(answer);
}
Result<crypto::TokenKey> Signer::generate(crypto::KeyAlgorithm algorithm, std::string_view label) {
  HF_TRY(const auto answer, call("generate", {{"algorithm", crypto::name_of(algorithm)}, {"label", label}}));
  return token_key_of(answer);
}
Result<void> Signer::found(const Charter& charter) {
  HF_TRY(const auto answer, call("found", {{"charter", to_json(charter)}}));
  static_cast<void>(answer);
  return {};
}
Result<void> Signer::succeed(const Charter& next, const SigningRequest& request, std::span<const Approval> approvals) {
  HF_TRY(
      const auto answer,
      call("succeed", {{"charter", to_json(next)}, {"request", to_json(request)}, {"approvals", to_json(approvals)}}));
  static_cast<void>(answer);
  return {};
}
Result<void> Signer::reject(const SigningRequest& request, const Approval& rejection) {
  HF_TRY(const auto answer, call("reject", {{"request", to_json(request)}, {"approval", to_json(rejection)}}));
  static_cast<void>(answer);
  return {};
}
Result<void> Signer::ratify(const SigningRequest& request, std::span<const Approval> approvals) {
  HF_TRY(const auto answer, call("ratify", {{"request", to_json(request)}, {"approvals", to_json(approvals)}}));
  static_cast<void>(answer);
  return {};
}
Result<std::vector<BrokenGlass>> Signer::broken_glass(std::string_view key) {
  HF_TRY(const auto answer, call("broken_glass", {{"key", key}}));
  return broken_glass_of(answer);
}
Result<void> Signer::freeze(std::string_view key, std::string_view by) {
  HF_TRY(const auto answer, call("freeze", {{"key", key}, {"by", by}}));
  static_cast<void>(answer);
  return {};
}
Result<Charter> Signer::charter(std::string_view key) {
  HF_TRY(const auto answer, call("charter", {{"key", key}}));
  return charter_of(answer);
}
Result<Signature> Signer::sign(const SignOrder& order) {
  HF_TRY(const auto answer, call("sign", to_json(order), &order));
  return signature_of(answer);
}

}  // namespace hf::keys
