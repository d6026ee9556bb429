// A dense tensor: a type, a shape and row-major elements that are owned or viewed.
//
// Copying a Tensor copies the handle, not the elements; several handles may share one storage,
// for example a mapped model file. Types below 8 bits are packed, low bits first, as in ONNX.
// Thread safety: that of a pointer: concurrent reads are fine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/dtype.h"

namespace zeropoint {

using Shape = std::vector<std::int64_t>;

/// Product of the dimensions, 1 for a scalar. Throws invalid_data when one is negative or the product overflows.
std::int64_t element_count(const Shape& shape);

/// Bytes that `count` elements of `dtype` occupy, the last byte padded. Throws invalid_data beyond the address space.
std::size_t storage_bytes(DType dtype, std::int64_t count);

/// "[1, 3, 224, 224]"
std::string to_string(const Shape& shape);

/// Maps a C++ type to its DType: dtype_of<float> == DType::f32.
template <class T>
inline constexpr DType dtype_of = DType::undefined;
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::u8;
template <>
inline constexpr DType dtype_of<std::int8_t> = DType::i8;
template <>
inline constexpr DType dtype_of<std::uint16_t> = DType::u16;
template <>
inline constexpr DType dtype_of<std::int16_t> = DType::i16;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::i32;
template <>
inline constexpr DType dtype_of<std::uint32_t> = DType::u32;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<std::uint64_t> = DType::u64;
template <>
inline constexpr DType dtype_of<bool> = DType::boolean;

class Tensor {
 public:
  Tensor() = default;  ///< No tensor at all; `if (tensor)` tells.

  /// Uninitialised elements, 64-byte aligned. Throws invalid_data for an impossible shape, io where memory is short.
  static Tensor allocate(DType dtype, Shape shape);
  static Tensor zeros(DType dtype, Shape shape);

  /// A window onto memory that `owner` keeps alive (null: the caller does). Not copied, unless `data` is
  /// misaligned for the type (a weight in the middle of a mapped file): then the first raw() or data() copies,
  /// once for all handles.
  static Tensor view(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner = nullptr);

  /// The same window, and this handle may write through it. Throws internal for a misaligned address.
  static Tensor mutable_view(DType dtype, Shape shape, void* data, std::shared_ptr<const void> owner = nullptr);

  /// Copies the values, of which there must be at least as many as the shape has elements.
  /// `Tensor::of<float>({2}, {1, 2})`
  template <class T>
  static Tensor of(const Shape& shape, std::initializer_list<T> values);
  template <class T>
  static Tensor copy_of(const Shape& shape, std::span<const T> values);
  template <class T>
  static Tensor scalar(T value);

  /// Throws invalid_data unless there are as many as the shape has elements.
  static Tensor of_strings(Shape shape, std::vector<std::string> values);

  explicit operator bool() const { return dtype_ != DType::undefined; }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t dim(int axis) const { return shape_[static_cast<std::size_t>(axis)]; }
  int rank() const { return static_cast<int>(shape_.size()); }
  std::int64_t size() const { return size_; }  ///< elements
  std::size_t bytes() const { return storage_bytes(dtype_, size_); }

  const void* raw() const { return aligned_ ? aligned_elements() : data_; }
  void* mutable_raw();                          ///< Throws internal when the storage is read-only.
  const void* stored() const { return data_; }  ///< where the bytes lie, at any address: for those that only copy them
  bool is_writable() const { return writable_; }

  /// The elements as T, which must be dtype()'s C++ type (or any 1-byte type for raw access).
  template <class T>
  const T* data() const {
    return static_cast<const T*>(raw());
  }
  template <class T>
  T* mutable_data() {
    return static_cast<T*>(mutable_raw());
  }
  template <class T>
  std::span<const T> values() const {
    return {data<T>(), static_cast<std::size_t>(size_)};
  }
  template <class T>
  std::span<T> mutable_values() {
    return {mutable_data<T>(), static_cast<std::size_t>(size_)};
  }
  const std::vector<std::string>& strings() const;  ///< Throws internal for another type.

  Tensor clone() const;                ///< Own, writable copy of the elements.
  Tensor reshaped(Shape shape) const;  ///< Same storage; throws invalid_data for another element count.
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  struct AlignedCopy;
  const void* aligned_elements() const;

  DType dtype_ = DType::undefined;
  bool writable_ = false;
  Shape shape_;
  std::int64_t size_ = 0;
  void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<AlignedCopy> aligned_;  // null for aligned storage
};

template <class T>
Tensor Tensor::copy_of(const Shape& shape, std::span<const T> values) {
  Tensor t = allocate(dtype_of<T>, shape);
  for (std::int64_t i = 0; i < t.size(); ++i) t.mutable_data<T>()[i] = values[static_cast<std::size_t>(i)];
  return t;
}
template <class T>
Tensor Tensor::of(const Shape& shape, std::initializer_list<T> values) {
  return copy_of<T>(shape, std::span<const T>(values.begin(), values.size()));
}
template <class T>
Tensor Tensor::scalar(T value) {
  return of<T>({}, {value});
}

}  // namespace zeropoint
