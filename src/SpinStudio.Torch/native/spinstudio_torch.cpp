// The C ABI between SpinStudio.Torch and libtorch.
//
// Operators are not listed here: spin_call hands a stack of values to libtorch's boxed dispatcher, which reaches every
// operator of every version, autograd included. What remains are the things that are not operators: tensor handles, raw
// memory, gradients, modes, threads.
//
// Conventions
//  - A tensor crosses as a `void*` to a heap-allocated at::Tensor. Whoever receives one frees it with spin_tensor_free.
//  - Every call returns 0, or 1 when it failed; then spin_last_error gives the message. No exception leaves this file.
//  - Signatures hold only fixed-width integers, doubles and pointers.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/library.h>
#include <torch/version.h>
#include <c10/util/Logging.h>

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#define SPIN_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

thread_local std::string t_error;
std::atomic<int64_t> s_live_tensors{0};

// libtorch collects a native backtrace for every error, some ten milliseconds each, which nobody reads here.
const bool s_no_backtraces = (c10::SetStackTraceFetcher(std::function<std::string()>([] { return std::string(); })), true);

template <class Body>
int32_t guarded(Body&& body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error& error) {
    t_error = error.what_without_backtrace();
  } catch (const std::exception& error) {
    t_error = error.what();
  } catch (...) {
    t_error = "libtorch threw something that is not a std::exception";
  }
  return 1;
}

at::Tensor& tensor_of(void* handle) { return *static_cast<at::Tensor*>(handle); }

void* handle_of(at::Tensor tensor) {
  auto* handle = new at::Tensor(std::move(tensor));
  s_live_tensors.fetch_add(1, std::memory_order_relaxed);
  return handle;
}

int32_t copy_text(const std::string& text, char* buffer, int32_t capacity) {
  if (buffer != nullptr && capacity > 0) {
    auto length = std::min<size_t>(text.size(), static_cast<size_t>(capacity));
    std::memcpy(buffer, text.data(), length);
  }
  return static_cast<int32_t>(text.size());
}

// Mirrors NativeArgument in C#.
enum Tag : int32_t { kNone = 0, kTensor, kInt, kDouble, kBool, kIntList, kTensorList, kOptionalTensorList, kDevice, kString, kDefault };

struct Argument {
  int32_t tag;
  int32_t length;  // of a list or a string; the index of a device
  union {
    int64_t integer;
    double real;
    void* pointer;
  };
};
static_assert(sizeof(Argument) == 16, "NativeArgument in C# has 16 bytes");

c10::IValue value_of(const Argument& argument, const c10::Argument& schema) {
  switch (argument.tag) {
    case kNone:
      return {};
    case kTensor:
      return tensor_of(argument.pointer);
    case kInt:
      return argument.integer;
    case kDouble:
      return argument.real;
    case kBool:
      return argument.integer != 0;
    case kIntList: {
      auto* first = static_cast<const int64_t*>(argument.pointer);
      return c10::IValue(c10::IntArrayRef(first, argument.length));
    }
    case kTensorList: {
      c10::List<at::Tensor> list;
      list.reserve(argument.length);
      for (int32_t i = 0; i < argument.length; i++) list.push_back(tensor_of(static_cast<void**>(argument.pointer)[i]));
      return list;
    }
    case kOptionalTensorList: {
      c10::List<c10::optional<at::Tensor>> list;
      list.reserve(argument.length);
      for (int32_t i = 0; i < argument.length; i++) {
        auto* handle = static_cast<void**>(argument.pointer)[i];
        list.push_back(handle == nullptr ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(tensor_of(handle)));
      }
      return list;
    }
    case kDevice:
      return c10::Device(static_cast<c10::DeviceType>(argument.integer), static_cast<c10::DeviceIndex>(argument.length));
    case kString:
      return std::string(static_cast<const char*>(argument.pointer), argument.length);
    case kDefault:
      TORCH_CHECK(schema.default_value().has_value(), "argument '", schema.name(), "' has no default");
      return *schema.default_value();
    default:
      TORCH_CHECK(false, "unknown argument tag ", argument.tag);
  }
}

// openblas-pthread has its own pool, which at::set_num_threads does not know.
void set_blas_threads(int32_t count) {
  using Setter = void (*)(int);
  if (auto setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) setter(count);
}

}  // namespace

// ---- errors and facts -------------------------------------------------------------------------------------------------

// Copies at most `capacity` bytes of this thread's last error (UTF-8, not terminated); returns its whole length.
SPIN_EXPORT int32_t spin_last_error(char* buffer, int32_t capacity) { return copy_text(t_error, buffer, capacity); }

SPIN_EXPORT int32_t spin_version(char* buffer, int32_t capacity) { return copy_text(TORCH_VERSION, buffer, capacity); }

SPIN_EXPORT int32_t spin_config(char* buffer, int32_t capacity) {
  std::string text;
  guarded([&] { text = at::show_config(); });
  return copy_text(text, buffer, capacity);
}

SPIN_EXPORT int32_t spin_cuda_is_available() {
  bool available = false;
  guarded([&] { available = at::hasCUDA(); });
  return available ? 1 : 0;
}

SPIN_EXPORT int64_t spin_live_tensors() { return s_live_tensors.load(std::memory_order_relaxed); }

// ---- operators --------------------------------------------------------------------------------------------------------

// Finds an operator; the handle lives as long as the process.
SPIN_EXPORT int32_t spin_operator(const char* name, const char* overload, void** op) {
  return guarded([&] { *op = new c10::OperatorHandle(c10::Dispatcher::singleton().findSchemaOrThrow(name, overload)); });
}

// Calls `op`. Arguments that are not given take the defaults of the schema. Tensors in the results, those of a list
// flattened, go to `results` as new handles; at most `capacity` of them, `count` says how many.
SPIN_EXPORT int32_t spin_call(void* op, const Argument* arguments, int32_t argument_count, void** results, int32_t capacity, int32_t* count) {
  static thread_local c10::Stack stack;
  *count = 0;
  auto status = guarded([&] {
    const auto& handle = *static_cast<c10::OperatorHandle*>(op);
    const auto& schema = handle.schema().arguments();
    TORCH_CHECK(argument_count <= static_cast<int32_t>(schema.size()), "takes ", schema.size(), " arguments, not ", argument_count);
    stack.clear();
    for (int32_t i = 0; i < argument_count; i++) stack.push_back(value_of(arguments[i], schema[i]));
    for (size_t i = argument_count; i < schema.size(); i++) {
      TORCH_CHECK(schema[i].default_value().has_value(), "argument '", schema[i].name(), "' has no default");
      stack.push_back(*schema[i].default_value());
    }
    handle.callBoxed(&stack);
    for (auto& value : stack) {
      if (value.isTensor()) {
        if (*count < capacity) results[(*count)++] = handle_of(std::move(value).toTensor());
      } else if (value.isTensorList()) {
        for (at::Tensor tensor : value.toTensorList())
          if (*count < capacity) results[(*count)++] = handle_of(std::move(tensor));
      }
    }
  });
  stack.clear();
  return status;
}

// ---- tensors ----------------------------------------------------------------------------------------------------------

// A new CPU tensor of `sizes` with a copy of `data`.
SPIN_EXPORT int32_t spin_tensor_from_data(const void* data, const int64_t* sizes, int32_t dimensions, int32_t scalar_type, void** result) {
  return guarded([&] {
    auto tensor = at::empty(c10::IntArrayRef(sizes, dimensions), at::TensorOptions().dtype(static_cast<at::ScalarType>(scalar_type)));
    if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
    *result = handle_of(std::move(tensor));
  });
}

SPIN_EXPORT void spin_tensor_free(void* handle) {
  delete static_cast<at::Tensor*>(handle);
  s_live_tensors.fetch_sub(1, std::memory_order_relaxed);
}

// Everything about a tensor but its numbers. `sizes` and `strides` hold up to `capacity` entries.
SPIN_EXPORT int32_t spin_tensor_describe(void* handle, int64_t* sizes, int64_t* strides, int32_t capacity, int32_t* dimensions,
                                         int32_t* scalar_type, int32_t* device_type, int32_t* device_index) {
  return guarded([&] {
    const auto& tensor = tensor_of(handle);
    *dimensions = static_cast<int32_t>(tensor.dim());
    for (int32_t i = 0; i < std::min<int32_t>(capacity, *dimensions); i++) {
      sizes[i] = tensor.size(i);
      strides[i] = tensor.stride(i);
    }
    *scalar_type = static_cast<int32_t>(tensor.scalar_type());
    *device_type = static_cast<int32_t>(tensor.device().type());
    *device_index = tensor.device().index();
  });
}

SPIN_EXPORT int32_t spin_tensor_data(void* handle, void** data) {
  return guarded([&] { *data = tensor_of(handle).data_ptr(); });
}

// The only element of a tensor as double and, where the type is integral, as integer.
SPIN_EXPORT int32_t spin_tensor_item(void* handle, double* real, int64_t* integer, int32_t* is_integral) {
  return guarded([&] {
    auto item = tensor_of(handle).item();
    *is_integral = item.isIntegral(/*includeBool=*/true) ? 1 : 0;
    *real = item.toDouble();
    *integer = *is_integral ? item.toLong() : 0;
  });
}

// ---- autograd ---------------------------------------------------------------------------------------------------------

SPIN_EXPORT int32_t spin_requires_grad(void* handle, int32_t* value) {
  return guarded([&] { *value = tensor_of(handle).requires_grad() ? 1 : 0; });
}

SPIN_EXPORT int32_t spin_set_requires_grad(void* handle, int32_t value) {
  return guarded([&] { tensor_of(handle).set_requires_grad(value != 0); });
}

SPIN_EXPORT int32_t spin_grad(void* handle, void** grad) {
  return guarded([&] {
    const auto& tensor = tensor_of(handle).grad();
    *grad = tensor.defined() ? handle_of(tensor) : nullptr;
  });
}

SPIN_EXPORT int32_t spin_set_grad(void* handle, void* grad) {
  return guarded([&] { tensor_of(handle).mutable_grad() = grad == nullptr ? at::Tensor() : tensor_of(grad); });
}

// Accumulates the gradients of sum(outputs[i] * gradients[i]) in the leaves; a null gradient stands for one (scalar outputs only).
SPIN_EXPORT int32_t spin_backward(void** outputs, void** gradients, int32_t count, int32_t retain_graph) {
  return guarded([&] {
    std::vector<at::Tensor> roots, seeds;
    for (int32_t i = 0; i < count; i++) {
      roots.push_back(tensor_of(outputs[i]));
      seeds.push_back(gradients[i] == nullptr ? at::Tensor() : tensor_of(gradients[i]));
    }
    torch::autograd::backward(roots, seeds, retain_graph != 0);
  });
}

SPIN_EXPORT int32_t spin_grad_enabled() { return c10::GradMode::is_enabled() ? 1 : 0; }

SPIN_EXPORT void spin_set_grad_enabled(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

// ---- randomness and threads -------------------------------------------------------------------------------------------

SPIN_EXPORT int32_t spin_manual_seed(int64_t seed) {
  return guarded([&] { at::manual_seed(static_cast<uint64_t>(seed)); });
}

SPIN_EXPORT int32_t spin_set_num_threads(int32_t count) {
  return guarded([&] {
    at::set_num_threads(count);
    set_blas_threads(count);
  });
}

SPIN_EXPORT int32_t spin_num_threads() { return at::get_num_threads(); }
