#include "app/cli/context.h"
#include "core/io/shipped.h"
#include "core/nn/device.h"
#include "core/version.h"

namespace tt::cli {

namespace {
void info(const Context &context) {
    const ComputeInfo compute = computeInfo();
    const double fp32 = measureGemm(false), bf16 = measureGemm(true);
    const auto shipped = shippedFolder();
    const Json document{{"version", programVersion},
                        {"libtorch", compute.libtorch},
                        {"onednn", compute.onednn},
                        {"device", "cpu"},
                        {"cpu", compute.cpu},
                        {"threads", context.threads},
                        {"shipped", shipped ? Json(shipped->string()) : Json()},
                        {"gemm_gflops", {{"fp32", fp32}, {"bf16", bf16}}}};
    context.output.result(document,
                          std::string("TinyTranscoder ") + programVersion + ", LibTorch " + compute.libtorch +
                              ", oneDNN " + compute.onednn + "\nCPU (" + compute.cpu + " kernels), " +
                              std::to_string(context.threads) + " threads\nMatrix products: fp32 " + figures(fp32) +
                              " GFLOP/s, bf16 " + (bf16 > 0 ? figures(bf16) + " GFLOP/s" : "not on this processor") +
                              "\nShipped files: " + (shipped ? shipped->string() : "none beside this program"));
}
} // namespace

void addInfo(CLI::App &app, Context &context) {
    app.add_subcommand("info", "Versions, device, threads, measured matrix-product rates")->callback([&context] {
        context.run = [&context] { info(context); };
    });
}

} // namespace tt::cli
