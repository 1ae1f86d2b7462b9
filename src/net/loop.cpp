#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace hf::net {

namespace asio = boost::asio;
using boost::system::error_code;

struct Loop::Impl {
  explicit Impl(const std::array<std::chrono::milliseconds, Deadlines::kKinds>& durations) : deadlines(durations) {}

  // The timer may fire early for a deadline that has moved; it then arms itself for the next.
  void arm(Deadlines::Instant at) {
    if (armed && *armed <= at) return;
    armed = at;
    timer.expires_at(at);
    timer.async_wait([this](const error_code& error) {
      if (error) return;
      armed.reset();
      deadlines.expire(std::chrono::steady_clock::now());
      if (const auto next = deadlines.next()) arm(*next);
    });
  }

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                             asio::io_context::executor_type>
      timer{context};
  Deadlines deadlines;
  std::optional<Deadlines::Instant> armed;
};

Loop::Loop(const std::array<std::chrono::milliseconds, Deadlines::kKinds>& durations)
    : impl_(std::make_unique<Impl>(durations)) {}
Loop::~Loop() = default;

void Loop::run() { impl_->context.run(); }
void Loop::stop() { impl_->context.stop(); }
void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }
void Loop::set_deadline(Timed& timed, Timeout kind) {
  impl_->arm(impl_->deadlines.set(timed, kind, std::chrono::steady_clock::now()));
}
Deadlines& Loop::deadlines() { return impl_->deadlines; }

struct Loop::Watch::Impl {
  Impl(asio::io_context& context, int fd) : descriptor(context, fd) {}
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> descriptor;
  bool reading = false, writing = false;
};

Loop::Watch::Watch(Loop& loop, int descriptor) : impl_(std::make_shared<Impl>(loop.impl_->context, descriptor)) {}
Loop::Watch::~Watch() { close(); }

void Loop::Watch::want_read(const std::shared_ptr<Ready>& keep) {
  if (std::exchange(impl_->reading, true)) return;
  impl_->descriptor.async_wait(asio::posix::descriptor_base::wait_read, [keep, impl = impl_](const error_code& error) {
    impl->reading = false;
    if (!error) keep->on_ready();
  });
}

void Loop::Watch::want_write(const std::shared_ptr<Ready>& keep) {
  if (std::exchange(impl_->writing, true)) return;
  impl_->descriptor.async_wait(asio::posix::descriptor_base::wait_write, [keep, impl = impl_](const error_code& error) {
    impl->writing = false;
    if (!error) keep->on_ready();
  });
}

void Loop::Watch::close() {
  error_code ignored;
  if (impl_->descriptor.is_open()) impl_->descriptor.close(ignored);
}

}  // namespace hf::net
