#include "net/events.h"

#include <fmt/core.h>
#include <sys/random.h>
#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.h"

namespace hf::net {
namespace {

std::string random_run() {
  std::uint64_t value = 0;
  if (::getrandom(&value, sizeof value, 0) != sizeof value) std::abort();
  return fmt::format("{:016x}", value);
}

std::string frame_of(std::string_view id, std::string_view type, std::string_view data) {
  std::string frame = fmt::format("id: {}\nevent: {}\n", id, type);
  for (const auto line : split(data, '\n')) {
    frame += "data: ";
    for (const char c : line)
      if (c != '\r') frame += c;  // a lone CR would end the line for the reader
    frame += '\n';
  }
  return frame += '\n';
}

}  // namespace

bool EventStream::wants(std::string_view topic) const {
  return topics_.empty() || std::find(topics_.begin(), topics_.end(), topic) != topics_.end();
}

void EventStream::signal() {
  if (waiting_ && wake_) wake_();
  waiting_ = false;
}

void EventStream::push(const std::shared_ptr<const std::string>& frame) {
  const std::lock_guard lock(mutex_);
  if (finished_ || detached_) return;
  if (bytes_ + frame->size() > bytes_max_) {
    frames_.clear();
    bytes_ = 0;
    lagged_ = true;
  } else {
    frames_.push_back(frame);
    bytes_ += frame->size();
  }
  signal();
}

void EventStream::lag() {
  const std::lock_guard lock(mutex_);
  frames_.clear();
  bytes_ = 0;
  lagged_ = true;
  signal();
}

void EventStream::finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  signal();
}

void EventStream::on_data(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void EventStream::detach() {
  const std::lock_guard lock(mutex_);
  detached_ = true;
  wake_ = nullptr;
  frames_.clear();
}

bool EventStream::detached() const {
  const std::lock_guard lock(mutex_);
  return detached_;
}

bool EventStream::take(std::string& out) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(lagged_, false)) out += "event: lagged\ndata: {}\n\n";
  for (const auto& frame : frames_) out += *frame;
  frames_.clear();
  bytes_ = 0;
  waiting_ = out.empty();
  return !finished_;
}

EventHub::EventHub(EventHubLimits limits) : limits_(limits), run_(random_run()) {}

EventHub::~EventHub() {
  for (const auto& weak : streams_)
    if (const auto stream = weak.lock()) stream->finish();
}

void EventHub::publish(std::string_view topic, std::string_view type, std::string_view data) {
  const std::lock_guard lock(mutex_);
  const auto frame = std::make_shared<const std::string>(frame_of(fmt::format("{}-{}", run_, ++number_), type, data));
  memory_.push_back({number_, std::string(topic), frame});
  if (memory_.size() > limits_.remembered) memory_.pop_front();
  std::erase_if(streams_, [&](const std::weak_ptr<EventStream>& weak) {
    const auto stream = weak.lock();
    if (!stream || stream->detached()) return true;
    if (stream->wants(topic)) stream->push(frame);
    return false;
  });
}

Result<Response> EventHub::subscribe(const Request& request, std::vector<std::string> topics) {
  const std::lock_guard lock(mutex_);
  std::erase_if(streams_, [](const std::weak_ptr<EventStream>& weak) {
    const auto stream = weak.lock();
    return !stream || stream->detached();
  });
  if (streams_.size() >= limits_.streams_max)
    return fail(ErrorKind::unavailable, "HF-HTTP-0030", "too many live pages are open; close some or try again later");
  const auto stream = std::make_shared<EventStream>(std::move(topics), limits_.stream_bytes_max);
  if (const auto last = request.headers.find("Last-Event-ID")) replay(*stream, *last);
  streams_.push_back(stream);
  Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-store");
  response.content = stream;
  return response;
}

void EventHub::replay(EventStream& stream, std::string_view last_id) const {
  std::uint64_t last = 0;
  const auto dash = last_id.find('-');
  const auto digits = dash == std::string_view::npos ? std::string_view() : last_id.substr(dash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
  const bool ours = error == std::errc() && !digits.empty() && end == digits.data() + digits.size() &&
                    last_id.substr(0, dash) == run_ && last <= number_;
  const auto oldest = number_ - memory_.size() + 1;
  if (!ours || last + 1 < oldest) return stream.lag();
  for (const auto& event : memory_)
    if (event.number > last && stream.wants(event.topic)) stream.push(event.frame);
}

std::size_t EventHub::streams() const {
  const std::lock_guard lock(mutex_);
  return std::size_t(std::count_if(streams_.begin(), streams_.end(), [](const std::weak_ptr<EventStream>& weak) {
    const auto stream = weak.lock();
    return stream && !stream->detached();
  }));
}

}  // namespace hf::net
