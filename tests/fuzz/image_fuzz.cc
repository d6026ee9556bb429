// The JPEG and PNG readers on arbitrary bytes, and what preprocessing makes of the image.
#include "data/image.h"
#include "data/preprocess.h"
#include "only_errors.h"

using namespace zeropoint;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Preprocess preprocess = Preprocess::parse("resize=8,crop=6,scale=1/255,mean=0.5,std=0.25");
  only_errors([&] {
    const Tensor image = decode_image(as_bytes(data, size), "fuzz");
    preprocess.apply(image, {}, /*is_image=*/true, "fuzz");
  });
  return 0;
}
