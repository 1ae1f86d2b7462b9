#include "app/publisher.h"

#include <chrono>

namespace hf::app {

Publisher::Publisher(Services& services, accounts::DenialRecorder& denials, const net::Log& log)
    : services_(services), denials_(denials), log_(log), thread_([this] { run(); }) {
  services_.instance.database().on_commit([this] {
    {
      const std::lock_guard lock(mutex_);
      written_ = true;
    }
    wake_.notify_all();
  });
}

Publisher::~Publisher() {
  services_.instance.database().on_commit({});
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Publisher::run() {
  using std::chrono::steady_clock;
  // What this process commits is published at once: whoever acted wants the proof. Each checkpoint covers an entry at
  // least, so there are never more of them than entries. Other processes are looked for now and then.
  constexpr std::chrono::milliseconds kInterval{100};
  constexpr std::chrono::minutes kDenials{1};
  auto denials_due = steady_clock::now() + kDenials;
  for (std::unique_lock lock(mutex_); !stop_; wake_.wait_for(lock, kInterval, [&] { return stop_ || written_; })) {
    written_ = false;
    lock.unlock();
    publish();
    if (steady_clock::now() >= denials_due) {
      denials_.flush();
      denials_due = steady_clock::now() + kDenials;
    }
    lock.lock();
  }
}

void Publisher::publish() {
  const auto size = services_.instance.log().advance();
  if (!size) {
    const auto& error = size.error();
    log_.error("ledger_stuck", {{"code", error.code}, {"message", error.message}, {"detail", error.detail}});
  } else if (*size != published_) {
    published_ = *size;
    services_.events.publish("ledger", "ledger", R"({"size":)" + std::to_string(published_) + "}");
  }
}

}  // namespace hf::app
