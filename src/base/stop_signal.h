// Ctrl-C and SIGTERM as something to wait for, in programs that finish what they have begun.
#pragma once

#include <sys/signalfd.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>

#include "base/descriptor.h"
#include "base/error.h"

namespace hf {

class StopSignal {
 public:
  // Blocks them in this thread and in all that it starts: call it before any. HF-APP-0003.
  [[nodiscard]] static Result<StopSignal> block() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    Descriptor descriptor(signalfd(-1, &signals, SFD_CLOEXEC));
    if (!descriptor) return fail(ErrorKind::internal, "HF-APP-0003", "signals cannot be read");
    return StopSignal(std::move(descriptor));
  }
  void wait() const {
    signalfd_siginfo received{};
    while (::read(descriptor_.get(), &received, sizeof received) < 0 && errno == EINTR) {}
  }

 private:
  explicit StopSignal(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

}  // namespace hf
