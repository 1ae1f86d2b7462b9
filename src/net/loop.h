// One event loop on one thread: readiness of descriptors, deadlines, and functions posted from other threads.
// Readiness only: reading and writing stay with the caller (net/stream.h), so TLS works on the descriptor itself.
//
// epoll(7), edge-triggered, each descriptor registered once: no system call to wait for it again. The caller must
// have seen "would block" before it waits, as every state of Connection does.
#pragma once

#include <functional>
#include <memory>

#include "net/deadlines.h"

namespace hf::net {

class Ready {
 public:
  virtual void on_ready() = 0;  // try again; may come without need

 protected:
  ~Ready() = default;
};

class Loop {
 public:
  explicit Loop(const std::array<std::chrono::milliseconds, Deadlines::kKinds>& durations);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();                             // until stop()
  void stop();                            // from any thread
  void post(std::function<void()> work);  // from any thread

  // The rest only on the loop's thread.
  void set_deadline(Timed& timed, Timeout kind);
  [[nodiscard]] Deadlines& deadlines();

  // A descriptor, owned, and who hears of it. Wanting ends with one on_ready(), or with close().
  class Watch {
   public:
    Watch(Loop& loop, int descriptor, Ready& ready);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    [[nodiscard]] bool ok() const;  // false if the kernel refused one more descriptor
    void want_read();
    void want_write();
    void close();

   private:
    friend class Loop;
    struct Impl;
    std::unique_ptr<Impl> impl_;  // null once closed
  };

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hf::net
