// One event loop on one thread: readiness of descriptors, deadlines, and functions posted from other threads.
// Readiness only: reading and writing stay with the caller (net/stream.h), so TLS works on the descriptor itself.
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

  void run();   // until stop()
  void stop();  // from any thread
  void post(std::function<void()> work);  // from any thread

  // The rest only on the loop's thread.
  void set_deadline(Timed& timed, Timeout kind);
  [[nodiscard]] Deadlines& deadlines();

  // A descriptor, owned. Armed interest ends with one on_ready(); `keep` lives until then.
  class Watch {
   public:
    Watch(Loop& loop, int descriptor);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    void want_read(const std::shared_ptr<Ready>& keep);
    void want_write(const std::shared_ptr<Ready>& keep);
    void close();

   private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
  };

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hf::net
