// Server-sent events (WHATWG HTML section 9.2): one hub publishes, each open page has a bounded buffer.
// A page that falls behind, or comes back after more than the hub remembers, gets one "lagged" event and must load
// its state again; nothing is ever dropped in silence.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace hf::net {

// The buffer of one connection. Thread-safe.
class EventStream {
 public:
  explicit EventStream(std::vector<std::string> topics, std::size_t bytes_max)
      : topics_(std::move(topics)), bytes_max_(bytes_max) {}

  // Publisher's side
  [[nodiscard]] bool wants(std::string_view topic) const;  // no topics: all
  void push(const std::shared_ptr<const std::string>& frame);
  void lag();     // forget what waits; the next frame is "lagged"
  void finish();  // send what waits, then end the response

  // Connection's side
  void on_data(std::function<void()> wake);  // called at most once per take() that found nothing; must not block
  void detach();                             // the connection has gone; wake is never called again
  // Appends what waits to `out`; false when nothing more will come.
  [[nodiscard]] bool take(std::string& out);
  [[nodiscard]] bool detached() const;

 private:
  void signal();  // with mutex_ held

  const std::vector<std::string> topics_;
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const std::string>> frames_;
  std::size_t bytes_ = 0;
  bool lagged_ = false, finished_ = false, detached_ = false, waiting_ = false;
  std::function<void()> wake_;
};

struct EventHubLimits {
  std::size_t streams_max = 1'000;
  std::size_t stream_bytes_max = 256 * 1024;
  std::size_t remembered = 1'000;  // events kept for clients that reconnect
};

class EventHub {
 public:
  explicit EventHub(EventHubLimits limits = {});
  ~EventHub();  // finishes every stream

  // `type` is the event name, one line; `data` any text, usually one JSON value.
  void publish(std::string_view topic, std::string_view type, std::string_view data);
  // For a handler: answers with the stream, from Last-Event-ID on if the client sends one.
  // HF-HTTP-0030 too many streams are open.
  [[nodiscard]] Result<Response> subscribe(const Request& request, std::vector<std::string> topics);
  [[nodiscard]] std::size_t streams() const;

 private:
  struct Remembered {
    std::uint64_t number;
    std::string topic;
    std::shared_ptr<const std::string> frame;
  };
  void replay(EventStream& stream, std::string_view last_id) const;

  const EventHubLimits limits_;
  const std::string run_;  // part of each id: numbers start again with each process
  mutable std::mutex mutex_;
  std::uint64_t number_ = 0;
  std::deque<Remembered> memory_;
  std::vector<std::weak_ptr<EventStream>> streams_;
};

}  // namespace hf::net
