#include "net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace hf::net {
namespace {

constexpr int kEventsMax = 128;

using Steady = std::chrono::steady_clock;

}  // namespace

struct Loop::Watch::Impl {
  Loop& loop;
  int descriptor;
  Ready* ready;
  bool ok = false;
  bool reading = false, writing = false;
};

struct Loop::Impl {
  explicit Impl(const std::array<std::chrono::milliseconds, Deadlines::kKinds>& durations) : deadlines(durations) {
    epoll = ::epoll_create1(EPOLL_CLOEXEC);
    wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = nullptr;  // the wake descriptor
    if (epoll < 0 || wake < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) != 0) std::abort();
  }
  ~Impl() {
    ::close(wake);
    ::close(epoll);
  }

  void signal() const {
    const std::uint64_t one = 1;
    if (::write(wake, &one, sizeof one) < 0 && errno != EAGAIN) std::abort();
  }

  // Milliseconds until something is due, rounded up so that it is due when we wake.
  [[nodiscard]] int patience() {
    {
      const std::lock_guard lock(mutex);
      if (!posted.empty()) return 0;
    }
    const auto next = deadlines.next();
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Steady::now()).count();
    return int(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  void deliver(const epoll_event& event) {
    auto* watch = static_cast<Watch::Impl*>(event.data.ptr);
    if (watch == nullptr) {
      std::uint64_t count = 0;
      if (::read(wake, &count, sizeof count) < 0 && errno != EAGAIN) std::abort();
      return;
    }
    if (watch->ready == nullptr) return;  // closed earlier in this batch
    constexpr std::uint32_t ended = EPOLLHUP | EPOLLERR | EPOLLRDHUP;
    const bool wanted = (watch->reading && (event.events & (EPOLLIN | ended)) != 0) ||
                        (watch->writing && (event.events & (EPOLLOUT | ended)) != 0);
    if (!wanted) return;  // the owner tries before it waits, so it will find out
    watch->reading = watch->writing = false;
    watch->ready->on_ready();
  }

  void run_posted() {
    std::vector<std::function<void()>> work;
    {
      const std::lock_guard lock(mutex);
      work.swap(posted);
    }
    for (auto& call : work) call();
  }

  int epoll = -1, wake = -1;
  Deadlines deadlines;
  Steady::time_point now = Steady::now();
  std::vector<std::unique_ptr<Watch::Impl>> closed;  // until the batch that may name them is over
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::vector<std::function<void()>> posted;
};

Loop::Loop(const std::array<std::chrono::milliseconds, Deadlines::kKinds>& durations)
    : impl_(std::make_unique<Impl>(durations)) {}
Loop::~Loop() = default;

void Loop::run() {
  auto& loop = *impl_;
  std::array<epoll_event, kEventsMax> events{};
  while (!loop.stopping.load()) {
    const int count = ::epoll_wait(loop.epoll, events.data(), kEventsMax, loop.patience());
    if (count < 0 && errno != EINTR) std::abort();
    loop.now = Steady::now();
    for (int i = 0; i < count; ++i) loop.deliver(events[std::size_t(i)]);
    loop.run_posted();
    loop.deadlines.expire(loop.now);
    loop.closed.clear();
  }
}

void Loop::stop() {
  impl_->stopping = true;
  impl_->signal();
}

void Loop::post(std::function<void()> work) {
  bool first = false;
  {
    const std::lock_guard lock(impl_->mutex);
    first = impl_->posted.empty();
    impl_->posted.push_back(std::move(work));
  }
  if (first) impl_->signal();
}

void Loop::set_deadline(Timed& timed, Timeout kind) { impl_->deadlines.set(timed, kind, impl_->now); }
Deadlines& Loop::deadlines() { return impl_->deadlines; }

Loop::Watch::Watch(Loop& loop, int descriptor, Ready& ready) : impl_(new Impl{loop, descriptor, &ready}) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = impl_.get();
  impl_->ok = ::epoll_ctl(loop.impl_->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

Loop::Watch::~Watch() { close(); }

bool Loop::Watch::ok() const { return impl_ && impl_->ok; }
void Loop::Watch::want_read() { impl_->reading = true; }
void Loop::Watch::want_write() { impl_->writing = true; }

void Loop::Watch::close() {
  if (!impl_) return;
  impl_->ready = nullptr;
  // Closing alone takes it out of the set only when nobody else holds it, and a child that was just forked does, until
  // it executes its program: its events would then come for a watch that is gone.
  ::epoll_ctl(impl_->loop.impl_->epoll, EPOLL_CTL_DEL, impl_->descriptor, nullptr);
  ::close(impl_->descriptor);
  auto& closed = impl_->loop.impl_->closed;
  closed.push_back(std::move(impl_));
}

}  // namespace hf::net
