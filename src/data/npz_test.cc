#include "data/npz.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <fstream>

#include "data/npz_writer.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class Npz : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& bytes) const { return folder_.write(name, bytes); }
  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  testing::TempFolder folder_;
};

/// An .npy file: `version`, the dictionary and the data.
std::string npy(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string out = "\x93NUMPY";
  out += static_cast<char>(version);
  out += '\0';
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  for (std::size_t i = 0; i < length_bytes; ++i) out += static_cast<char>(dictionary.size() >> (8 * i) & 0xFF);
  return out + dictionary + data;
}

std::string error_of(const fs::path& path) {
  try {
    load_npy(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// Reads every array of an archive that lies in memory.
std::string error_of_archive(const std::string& bytes) {
  try {
    const NpzFile npz({.view = std::as_bytes(std::span(bytes))}, "x.npz");
    for (const std::string& name : npz.names()) npz.open(name).all();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(Npz, ReadsEveryVersionOrderAndByteOrder) {
  const std::string two_by_three("\1\2\3\4\5\6", 6);
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }\n";
  for (const int version : {1, 2, 3}) {
    const Tensor tensor = load_npy(write("a.npy", npy(header, two_by_three, version)));
    EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
    EXPECT_THAT(tensor.values<std::uint8_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
  }
  const std::string fortran = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n";
  const fs::path reordered = write("f.npy", npy(fortran, two_by_three));
  EXPECT_THAT(load_npy(reordered).values<std::uint8_t>(), ElementsAre(1, 3, 5, 2, 4, 6));
  ArrayReader rows = open_npy(reordered);
  EXPECT_THAT(rows.rows(1).values<std::uint8_t>(), ElementsAre(1, 3, 5));
  EXPECT_THAT(rows.rows(1).values<std::uint8_t>(), ElementsAre(2, 4, 6));

  const std::string big = "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_THAT(load_npy(write("b.npy", npy(big, std::string("\1\2\xFF\xFE", 4)))).values<std::int16_t>(),
              ElementsAre(0x0102, -2));
  const std::string text = "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_THAT(load_npy(write("t.npy", npy(text, std::string("a\0\0\0\xE9\0\0\0b\0\0\0\0\0\0\0", 16)))).strings(),
              ElementsAre("a\xC3\xA9", "b"));
  const std::string scalar = "{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n";
  EXPECT_THAT(load_npy(write("s.npy", npy(scalar, std::string("\0\0\x80\x3F", 4)))).values<float>(), ElementsAre(1.0F));
}

TEST_F(Npz, RefusesWhatIsNoArray) {
  const auto refuse = [&](const std::string& bytes) { return error_of(write("x.npy", bytes)); };
  EXPECT_THAT(refuse(""), HasSubstr("x.npy: ends early: 8 more bytes are wanted, 0 are there"));
  EXPECT_THAT(refuse("not numpy"), HasSubstr("is not an npy array"));
  EXPECT_THAT(refuse(npy("", "", 9)), HasSubstr("npy version 9 is not known"));
  EXPECT_THAT(refuse(npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }", "")),
              HasSubstr("npy type '|O' is not supported (Python objects; save numbers instead)"));
  EXPECT_THAT(refuse(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "1234")),
              HasSubstr("has 4 bytes of data, float32 [2] needs 8"));
  EXPECT_THAT(refuse(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "")),
              HasSubstr("more elements than fit"));
  EXPECT_THAT(refuse(npy("{'descr': '<f4', 'fortran_order': maybe, 'shape': (), }", "")),
              HasSubstr("True or False is wanted at 'maybe"));
  EXPECT_THAT(refuse(npy("{'descr': '<f4', 'shape': (), }", "")), HasSubstr("lacks descr, fortran_order or shape"));
  EXPECT_THAT(refuse(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "")), HasSubstr("a dimension"));
}

TEST_F(Npz, WritesWhatItReads) {
  const fs::path path = folder_ / "out.npz";
  const NamedTensor tensors[] = {{"x", Tensor::of<float>({2, 2}, {1, 2, 3, 4})},
                                 {"deep/label", Tensor::of<std::int64_t>({1}, {7})},
                                 {"scalar", Tensor::scalar<double>(0.5)},
                                 {"empty", Tensor::allocate(DType::f32, {0, 3})}};
  save_npz(tensors, path);
  const NpzFile npz(path);
  EXPECT_THAT(npz.names(), ElementsAre("x", "deep/label", "scalar", "empty"));
  EXPECT_THAT(npz.open("x").all().values<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(npz.open("deep/label").all().values<std::int64_t>(), ElementsAre(7));
  EXPECT_THAT(npz.open("scalar").all().values<double>(), ElementsAre(0.5));
  EXPECT_EQ(npz.open("empty").all().shape(), (Shape{0, 3}));
  EXPECT_THROW(npz.open("y"), Error);
}

/// A zip with one deflated member and the sizes that are claimed for it.
std::string deflated_zip(const std::string& name, const std::string& data, std::uint32_t claimed_bytes) {
  std::string packed(::compressBound(data.size()) + 16, '\0');
  z_stream stream = {};
  ::deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);

  const auto put = [](std::string& out, std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) out += static_cast<char>(i < 8 ? value >> (8 * i) & 0xFF : 0);
  };
  const auto common = [&](std::string& out) {
    put(out, 20, 2), put(out, 0, 2), put(out, 8, 2), put(out, 0, 4);
    put(out, ::crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())), 4);
    put(out, packed.size(), 4), put(out, claimed_bytes, 4), put(out, name.size(), 2), put(out, 0, 2);
  };
  std::string zip;
  put(zip, 0x04034B50, 4), common(zip);
  zip += name + packed;
  const std::size_t directory = zip.size();
  put(zip, 0x02014B50, 4), put(zip, 20, 2), common(zip), put(zip, 0, 10), put(zip, 0, 4);
  zip += name;
  const std::size_t end = zip.size();
  put(zip, 0x06054B50, 4), put(zip, 0, 4), put(zip, 1, 2), put(zip, 1, 2), put(zip, end - directory, 4);
  put(zip, directory, 4), put(zip, 0, 2);
  return zip;
}

TEST_F(Npz, UnpacksRowByRow) {
  const std::string array =
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }\n", std::string("\1\2\3\4\5\6", 6));
  const fs::path path = write("d.npz", deflated_zip("x.npy", array, static_cast<std::uint32_t>(array.size())));
  ArrayReader reader = NpzFile(path).open("x");
  EXPECT_THAT(reader.rows(1).values<std::uint8_t>(), ElementsAre(1, 2));
  EXPECT_THAT(reader.rows(2).values<std::uint8_t>(), ElementsAre(3, 4, 5, 6));
}

TEST_F(Npz, RefusesDamageAndBombs) {
  const std::string array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n", "abc");
  const auto size = static_cast<std::uint32_t>(array.size());
  const std::string good = deflated_zip("x.npy", array, size);
  EXPECT_THAT(error_of_archive(deflated_zip("x.npy", array, 0x7FFFFFFF)),
              HasSubstr("unpack to 2147483647: impossible"));
  EXPECT_THAT(error_of_archive(deflated_zip("x.npy", array, size + 3)), HasSubstr("needs 3"));

  std::string wrong_crc = good;
  wrong_crc[wrong_crc.find("PK\1\2") + 16] ^= 1;
  EXPECT_THAT(error_of_archive(wrong_crc), HasSubstr("array 'x': checksum"));

  std::string encrypted = good;
  encrypted[encrypted.find("PK\1\2") + 8] |= 1;
  EXPECT_THAT(error_of_archive(encrypted), HasSubstr("'x.npy' is encrypted"));

  EXPECT_THAT(error_of_archive("hello"), HasSubstr("is not an npz file"));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_THAT(error_of_archive(good.substr(0, length)), HasSubstr("x.npz: ")) << length;
  }
}

TEST_F(Npz, AFlippedByteNeverCrashes) {
  const fs::path path = folder_ / "out.npz";
  const NamedTensor tensors[] = {{"x", Tensor::of<float>({2, 2}, {1, 2, 3, 4})}, {"y", Tensor::of<float>({1}, {7})}};
  save_npz(tensors, path);
  const std::string good = read(path);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x41);
    error_of_archive(bad);
  }
}

}  // namespace
}  // namespace zeropoint
