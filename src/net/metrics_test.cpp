#include "net/metrics.h"

#include <gtest/gtest.h>

namespace hf::net {
namespace {

TEST(Metrics, AreShownInThePrometheusTextFormat) {
  Metrics metrics;
  metrics.counter("hf_requests_total", "Requests.", {{"route", "/v1/\"x\"\n\\"}, {"status", "200"}}).add(3);
  metrics.gauge("hf_open", "Open\nnow.").set(-2);
  auto& seconds = metrics.histogram("hf_seconds", "Time.", {{"l", "a"}}, {0.5, 1});
  for (const double value : {0.5, 0.75, 2.0}) seconds.observe(value);
  metrics.reader("hf_depth", "Queue.", {}, [] { return 1.5; });
  EXPECT_EQ(metrics.text(), R"(# HELP hf_depth Queue.
# TYPE hf_depth gauge
hf_depth 1.5
# HELP hf_open Open\nnow.
# TYPE hf_open gauge
hf_open -2
# HELP hf_requests_total Requests.
# TYPE hf_requests_total counter
hf_requests_total{route="/v1/\"x\"\n\\",status="200"} 3
# HELP hf_seconds Time.
# TYPE hf_seconds histogram
hf_seconds_bucket{l="a",le="0.5"} 1
hf_seconds_bucket{l="a",le="1"} 2
hf_seconds_bucket{l="a",le="+Inf"} 3
hf_seconds_sum{l="a"} 3.25
hf_seconds_count{l="a"} 3
)");
}

TEST(Metrics, TheSameLabelsAreTheSameSeriesAndStrangersAreCountedTogether) {
  Metrics metrics(2);
  auto& a = metrics.counter("hf_x_total", "X.", {{"who", "a"}});
  EXPECT_EQ(&a, &metrics.counter("hf_x_total", "X.", {{"who", "a"}}));
  metrics.counter("hf_x_total", "X.", {{"who", "b"}}).add();
  metrics.counter("hf_x_total", "X.", {{"who", "c"}}).add();
  metrics.counter("hf_x_total", "X.", {{"who", "d"}}).add();
  EXPECT_NE(metrics.text().find("hf_x_total{who=\"other\"} 2\n"), std::string::npos);
}

}  // namespace
}  // namespace hf::net
