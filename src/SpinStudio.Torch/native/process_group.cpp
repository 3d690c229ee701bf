// torch.distributed's core: a store in which ranks find and tell each other, and collectives between them over Gloo. One store and one group
// a process, as torch.distributed's default group. Registered as operators, so the ABI does not grow.

#include "registration.h"

#include <torch/version.h>

#if defined(USE_C10D_GLOO) && __has_include(<gloo/config.h>)

#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

using at::Tensor;

// Left to the system at the end of the process: threads of Gloo may outlive static destructors.
struct State {
  std::mutex mutex;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
};
State& state() {
  static auto* held = new State();
  return *held;
}

c10::intrusive_ptr<c10d::Store> store() {
  std::lock_guard<std::mutex> lock(state().mutex);
  TORCH_CHECK(state().store, "no store is open");
  return state().store;
}

c10::intrusive_ptr<c10d::ProcessGroupGloo> group() {
  std::lock_guard<std::mutex> lock(state().mutex);
  TORCH_CHECK(state().group, "no process group is open");
  return state().group;
}

std::chrono::milliseconds milliseconds(double seconds) { return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)); }

void keep(c10::intrusive_ptr<c10d::Store> opened, const std::string& prefix, double seconds) {
  opened->setTimeout(milliseconds(seconds));
  std::lock_guard<std::mutex> lock(state().mutex);
  TORCH_CHECK(!state().store, "a store is open already");
  state().store = c10::make_intrusive<c10d::PrefixStore>(prefix, opened);
}

void open_file_store(c10::string_view path, int64_t size, double seconds) {
  keep(c10::make_intrusive<c10d::FileStore>(std::string(path), static_cast<int>(size)), "", seconds);
}

void open_tcp_store(c10::string_view host, int64_t port, bool serve, c10::string_view prefix, double seconds) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(port);
  options.isServer = serve;
  options.waitWorkers = false;
  options.timeout = milliseconds(seconds);
  keep(c10::make_intrusive<c10d::TCPStore>(std::string(host), options), std::string(prefix), seconds);
}

void close_store() {
  c10::intrusive_ptr<c10d::Store> closing;
  std::lock_guard<std::mutex> lock(state().mutex);
  closing.swap(state().store);
}

void store_set(c10::string_view key, const Tensor& bytes) {
  auto* first = bytes.contiguous().data_ptr<uint8_t>();
  store()->set(std::string(key), std::vector<uint8_t>(first, first + bytes.numel()));
}

// The bytes under a key, or none when it was never set; does not wait.
Tensor store_get(c10::string_view key) {
  auto opened = store();
  auto name = std::string(key);
  auto value = opened->check({name}) ? opened->get(name) : std::vector<uint8_t>();
  auto bytes = at::empty({static_cast<int64_t>(value.size())}, at::kByte);
  std::copy(value.begin(), value.end(), bytes.data_ptr<uint8_t>());
  return bytes;
}

// Waits for all ranks. `address`: of this machine, on which the others reach it; empty: as the host's name or GLOO_SOCKET_IFNAME says.
void open_group(int64_t rank, int64_t size, c10::string_view address, double seconds) {
  auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(seconds));
  auto* interface = std::getenv("GLOO_SOCKET_IFNAME");
  options->devices.push_back(!address.empty()     ? c10d::ProcessGroupGloo::createDeviceForHostname(std::string(address))
                             : interface != nullptr ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                                    : c10d::ProcessGroupGloo::createDefaultDevice());
  auto opened = c10::make_intrusive<c10d::ProcessGroupGloo>(store(), static_cast<int>(rank), static_cast<int>(size), options);
  std::lock_guard<std::mutex> lock(state().mutex);
  state().group = opened;
}

void close_group() {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> closing;
  std::lock_guard<std::mutex> lock(state().mutex);
  closing.swap(state().group);
}

void all_reduce_(const Tensor& tensor) {
  std::vector<Tensor> tensors{tensor};
  group()->allreduce(tensors)->wait();
}

// [n] of each rank to [ranks, n] on every rank.
Tensor all_gather(const Tensor& tensor) {
  auto opened = group();
  auto all = at::empty({opened->getSize(), tensor.numel()}, tensor.options());
  std::vector<Tensor> inputs{tensor};
  std::vector<std::vector<Tensor>> outputs{all.unbind(0)};
  opened->allgather(outputs, inputs)->wait();
  return all;
}

}  // namespace

#else

namespace {

using at::Tensor;

[[noreturn]] void missing() {
  TORCH_CHECK(false, "built without Gloo, so ranks cannot talk: install libgloo-dev, or use a libtorch with c10d and Gloo's headers, and build again");
}
void open_file_store(c10::string_view, int64_t, double) { missing(); }
void open_tcp_store(c10::string_view, int64_t, bool, c10::string_view, double) { missing(); }
void close_store() { missing(); }
void store_set(c10::string_view, const Tensor&) { missing(); }
Tensor store_get(c10::string_view) { missing(); }
void open_group(int64_t, int64_t, c10::string_view, double) { missing(); }
void close_group() { missing(); }
void all_reduce_(const Tensor&) { missing(); }
Tensor all_gather(const Tensor&) { missing(); }

}  // namespace

#endif

TORCH_LIBRARY_FRAGMENT(spinstudio, library) {
  library.def("open_file_store(str path, int size, float seconds) -> ()", open_file_store);
  library.def("open_tcp_store(str host, int port, bool serve, str prefix, float seconds) -> ()", open_tcp_store);
  library.def("close_store() -> ()", close_store);
  library.def("store_set(str key, Tensor bytes) -> ()", store_set);
  library.def("store_get(str key) -> Tensor", store_get);
  library.def("open_group(int rank, int size, str address, float seconds) -> ()", open_group);
  library.def("close_group() -> ()", close_group);
  library.def("all_reduce_(Tensor(a!) tensor) -> ()", all_reduce_);
  library.def("all_gather(Tensor tensor) -> Tensor", all_gather);
}
