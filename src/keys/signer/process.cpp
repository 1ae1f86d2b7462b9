#include "keys/signer/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <array>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <thread>

#include "crypto/token_group.h"
#include "keys/json_fields.h"
#include "keys/signer/channel.h"
#include "keys/signer/wire.h"

namespace hf::keys {
namespace {

constexpr int kSignThreads = 16;  // most wait for the disk: one flush of the journal is for all that came meanwhile

// A queue of jobs and the threads that do them; the destructor does what is left.
class Threads {
 public:
  explicit Threads(int count) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Threads() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    ready_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  void push(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
  }
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

// No core dump, no debugger of the same user, no new rights, and no life after the one who started us.
void harden() {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // The terminal's Ctrl-C reaches the whole group; our end is the end of the channel.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
}

Result<crypto::TokenConfig> token_config_of(const JsonObject& json) {
  const auto text = [&](std::string_view name) {
    const auto* member = json.if_contains(name);
    const auto* value = member ? member->if_string() : nullptr;
    return value ? std::string(*value) : std::string();
  };
  const auto* ours = json.if_contains("ours");
  return crypto::TokenConfig{text("module"), text("label"), text("pin_file"), text("record_file"),
                             ours && *ours == true};
}

// One token, or a group of several.
Result<std::unique_ptr<crypto::Token>> open_tokens(const JsonObject& json, const Clock& clock) {
  const auto* list = array_at(json, "tokens");
  std::vector<crypto::GroupMember> members;
  for (const auto& item : list ? *list : JsonArray()) {
    const auto* object = item.if_object();
    if (!object) break;
    HF_TRY(const auto config, token_config_of(*object));
    members.push_back({config.token_label, [config] { return crypto::open_token(config); }});
  }
  if (members.empty()) return fail(ErrorKind::internal, "HF-SIGNER-0010", "the signer was told no token");
  if (members.size() == 1) return members[0].open();
  return crypto::make_token_group(std::move(members), clock);
}

class Server {
 public:
  Server(int channel, FrameReader frames, std::unique_ptr<Custodian> custodian)
      : channel_(channel), frames_(std::move(frames)), custodian_(std::move(custodian)) {}

  void run() {
    for (;;) {
      auto message = frames_.next();
      if (!message) return;
      const bool sign = message->if_contains("op") && message->at("op") == "sign";
      if (!sign) {
        administration_.push([this, request = *std::move(message)] { answer(request, nullptr); });
        continue;
      }
      // Here, in the order in which they were sent: a number means the documents that came last with it.
      keep_documents(*message);
      const auto number = std::size_t(number_at(*message, "number"));
      signing_.push(
          [this, request = *std::move(message), documents = number < documents_.size() ? documents_[number] : nullptr] {
            answer(request, documents.get());
          });
    }
  }

 private:
  void keep_documents(const JsonObject& message) {
    const auto* shown = object_at(message, "documents");
    const auto number = std::size_t(number_at(message, "number"));
    if (!shown || number >= documents_.size()) return;
    auto documents = documents_of(*shown);
    documents_[number] = documents ? std::make_shared<const Documents>(*std::move(documents)) : nullptr;
  }

  void answer(const JsonObject& request, const Documents* documents) {
    JsonObject reply;
    if (const auto* id = request.if_contains("id")) reply["id"] = *id;
    auto result = act(request, documents);
    if (result) reply["ok"] = *std::move(result);
    else reply["error"] = to_json(result.error());
    const std::lock_guard lock(sending_);
    static_cast<void>(send_frame(channel_, reply));  // nobody is there any more: run() ends as well
  }

  Result<JsonObject> act(const JsonObject& request, const Documents* documents) {
    const auto* named = request.if_contains("op");
    const auto op = named && named->is_string() ? std::string_view(named->get_string()) : std::string_view();
    const auto member = [&](std::string_view name) { return request.if_contains(name); };
    if (op == "sign") {
      if (!documents) return unknown("sign without documents");
      HF_TRY(const auto order, sign_order_of(request, *documents));
      HF_TRY(const auto signature, custodian_->sign(order));
      return to_json(signature);
    }
    if (op == "head") return to_json(custodian_->head());
    if (op == "uses") {
      JsonObject uses;
      for (const auto& [version, count] : custodian_->uses()) uses[version] = count;
      return JsonObject{{"lines", custodian_->head().lines}, {"uses", std::move(uses)}};
    }
    if (op == "contents") {
      HF_TRY(const auto contents, custodian_->contents());
      return to_json(contents);
    }
    if (op == "generate") {
      const auto* algorithm = member("algorithm");
      const auto* label = member("label");
      const auto known =
          algorithm && algorithm->is_string() ? crypto::key_algorithm_of(algorithm->get_string()) : std::nullopt;
      if (!known || !label || !label->is_string()) return unknown("generate");
      HF_TRY(const auto key, custodian_->generate(*known, label->get_string()));
      return to_json(key);
    }
    if (op == "charter") {
      const auto* key = member("key");
      if (!key || !key->is_string()) return unknown("charter");
      HF_TRY(const auto charter, custodian_->charter(key->get_string()));
      return to_json(charter);
    }
    if (op == "freeze") {
      const auto *key = member("key"), *by = member("by");
      if (!key || !key->is_string() || !by || !by->is_string()) return unknown("freeze");
      HF_CHECK(custodian_->freeze(key->get_string(), by->get_string()));
      return JsonObject{};
    }
    if (op == "broken_glass") {
      const auto* key = member("key");
      if (!key || !key->is_string()) return unknown(op);
      const auto broken = custodian_->broken_glass(key->get_string());
      return to_json(std::span(broken));
    }
    const auto* charter = member("charter");
    if (op == "found" && charter) {
      HF_TRY(const auto first, charter_of(*charter));
      HF_CHECK(custodian_->found(first));
      return JsonObject{};
    }
    const auto* asked = member("request");
    if (op == "succeed" && charter && asked) {
      HF_TRY(const auto next, charter_of(*charter));
      HF_TRY(const auto signing, request_of(*asked));
      HF_TRY(const auto approvals, approvals_of(member("approvals")));
      HF_CHECK(custodian_->succeed(next, signing, approvals));
      return JsonObject{};
    }
    if (op == "ratify" && asked) {
      HF_TRY(const auto signing, request_of(*asked));
      HF_TRY(const auto approvals, approvals_of(member("approvals")));
      HF_CHECK(custodian_->ratify(signing, approvals));
      return JsonObject{};
    }
    if (op == "reject" && asked && member("approval")) {
      HF_TRY(const auto signing, request_of(*asked));
      HF_TRY(const auto rejection, approval_of(*member("approval")));
      HF_CHECK(custodian_->reject(signing, rejection));
      return JsonObject{};
    }
    return unknown(op);
  }

  static Result<JsonObject> unknown(std::string_view op) {
    return fail(ErrorKind::internal, "HF-SIGNER-0010",
                "the signer and the server do not understand each other: are they of one version?",
                "op " + std::string(op));
  }

  int channel_;
  FrameReader frames_;
  std::unique_ptr<Custodian> custodian_;
  std::array<std::shared_ptr<const Documents>, kDocumentsMax> documents_;  // of the thread of run()
  std::mutex sending_;
  Threads signing_{kSignThreads};
  Threads administration_{1};  // making and finding objects at once confuses SoftHSM
};

}  // namespace

int run_signer(int channel, const Clock& clock, Custodian::FormatFinder formats) {
  harden();
  FrameReader frames(channel);
  const auto first = frames.next();
  if (!first) return 1;
  const auto open = [&]() -> Result<std::unique_ptr<Custodian>> {
    HF_TRY(auto token, open_tokens(*first, clock));
    const auto* directory = first->if_contains("directory");
    if (!directory || !directory->is_string())
      return fail(ErrorKind::internal, "HF-SIGNER-0010", "the signer was not told its directory");
    return Custodian::open(std::move(token), std::string(directory->get_string()), clock, std::move(formats));
  };
  JsonObject reply;
  if (const auto* id = first->if_contains("id")) reply["id"] = *id;
  auto custodian = open();
  if (!custodian) {
    reply["error"] = to_json(custodian.error());
    static_cast<void>(send_frame(channel, reply));
    return 1;
  }
  reply["ok"] = to_json((*custodian)->head());
  if (!send_frame(channel, reply)) return 1;
  Server(channel, std::move(frames), *std::move(custodian))
      .run();  // its end: threads drained, journal flushed, C_Finalize
  return 0;
}

}  // namespace hf::keys
