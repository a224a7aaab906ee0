#include "core/nn/matmul_impl.h"

#include "core/error.h"

#include <dnnl.hpp>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <list>
#include <memory>
#include <new>
#include <string>

namespace tt {

namespace {
constexpr size_t keptPrimitives = 96; // a thread; a training step has about 20 shapes, prompts bring ever new ones

[[noreturn]] void throwFailed(const ProductShape &s, int status) {
    throw Error("A matrix product of " + std::to_string(s.m) + " x " + std::to_string(s.k) + " x " +
                std::to_string(s.n) + " failed in oneDNN (status " + std::to_string(status) +
                "); most likely memory ran out.");
}

dnnl::engine &engine() {
    static dnnl::engine shared(dnnl::engine::kind::cpu, 0);
    return shared;
}

dnnl::memory::desc matrix(Transpose transpose, int64_t rows, int64_t columns, int64_t stride,
                          dnnl::memory::data_type type) {
    return {{rows, columns},
            type,
            transpose == Transpose::Yes ? dnnl::memory::dims{1, stride} : dnnl::memory::dims{stride, 1}};
}

char letter(Transpose transpose) {
    return transpose == Transpose::Yes ? 'T' : 'N';
}

dnnl::matmul::primitive_desc describe(const ProductShape &s) {
    using Type = dnnl::memory::data_type;
    const Type factor = s.bfloat16 ? Type::bf16 : Type::f32;
    const auto a = matrix(s.transposeA, s.m, s.k, s.lda, factor), b = matrix(s.transposeB, s.k, s.n, s.ldb, factor),
               c = matrix(Transpose::No, s.m, s.n, s.ldc, Type::f32);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (s.beta != 0) {
        dnnl::post_ops sum;
        sum.append_sum(s.beta);
        attributes.set_post_ops(sum);
    }
#if DNNL_VERSION_MAJOR >= 3
    return {engine(), a, b, c, attributes};
#else
    return {dnnl::matmul::desc(a, b, c), attributes, engine()};
#endif
}

/// A primitive with its arguments, whose addresses change from call to call.
class Product {
public:
    explicit Product(const ProductShape &shape) : shape_(shape) {
        const dnnl::matmul::primitive_desc description = describe(shape);
        primitive_ = dnnl::matmul(description);
        a_ = dnnl::memory(description.src_desc(), engine(), nullptr);
        b_ = dnnl::memory(description.weights_desc(), engine(), nullptr);
        c_ = dnnl::memory(description.dst_desc(), engine(), nullptr);
        scratch_ = dnnl::memory(description.scratchpad_desc(), engine(), nullptr);
    }
    [[nodiscard]] const ProductShape &shape() const { return shape_; }
    [[nodiscard]] size_t scratchBytes() const { return scratch_.get_desc().get_size(); }

    void run(const dnnl::stream &stream, const void *a, const void *b, float *c, void *scratch) {
        a_.set_data_handle(const_cast<void *>(a));
        b_.set_data_handle(const_cast<void *>(b));
        c_.set_data_handle(c);
        scratch_.set_data_handle(scratch);
        const std::array<dnnl_exec_arg_t, 4> arguments{{{DNNL_ARG_SRC, a_.get()},
                                                        {DNNL_ARG_WEIGHTS, b_.get()},
                                                        {DNNL_ARG_DST, c_.get()},
                                                        {DNNL_ARG_SCRATCHPAD, scratch_.get()}}};
        const dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), stream.get(),
                                                            static_cast<int>(arguments.size()), arguments.data());
        if (status != dnnl_success)
            throwFailed(shape_, status);
    }

private:
    ProductShape shape_;
    dnnl::matmul primitive_;
    dnnl::memory a_, b_, c_, scratch_;
};

struct FreeAligned {
    void operator()(void *memory) const { std::free(memory); }
};

/// What a thread keeps from product to product.
class ThreadProducts {
public:
    bool multiply(const ProductShape &shape, const void *a, const void *b, float *c) {
        Product *product = find(shape);
        if (!product)
            return false;
        product->run(stream_, a, b, c, scratch(product->scratchBytes()));
        stream_.wait();
        return true;
    }

private:
    /// The product of this shape, made if need be, moved to the front.
    Product *find(const ProductShape &shape) {
        const auto found =
            std::find_if(products_.begin(), products_.end(), [&](const Product &p) { return p.shape() == shape; });
        if (found != products_.end()) {
            products_.splice(products_.begin(), products_, found);
            return &products_.front();
        }
        try {
            products_.emplace_front(shape);
        } catch (const dnnl::error &error) {
            if (error.status == dnnl_unimplemented)
                return nullptr;
            throw Error(std::string("oneDNN cannot make a matrix product: ") + error.what() + ".");
        }
        if (products_.size() > keptPrimitives)
            products_.pop_back();
        return &products_.front();
    }

    void *scratch(size_t bytes) {
        constexpr size_t page = 4096;
        if (bytes > scratchBytes_) {
            scratchBytes_ = (bytes + page - 1) / page * page;
            scratch_.reset(); // before the larger one
            scratch_.reset(std::aligned_alloc(page, scratchBytes_));
            if (!scratch_)
                throw std::bad_alloc();
        }
        return scratch_.get();
    }

    dnnl::stream stream_{engine()};
    std::list<Product> products_;
    std::unique_ptr<void, FreeAligned> scratch_;
    size_t scratchBytes_ = 0;
};
} // namespace

bool multiply(ProductShape shape, const void *a, const void *b, float *c) {
    static thread_local ThreadProducts products;
    shape.threads = omp_get_max_threads();
    return products.multiply(shape, a, b, c);
}

void multiplyOnce(const ProductShape &s, float alpha, const float *a, const float *b, float *c) {
    const dnnl_status_t status = dnnl_sgemm(letter(s.transposeA), letter(s.transposeB), s.m, s.n, s.k, alpha, a, s.lda,
                                            b, s.ldb, s.beta, c, s.ldc);
    if (status != dnnl_success)
        throwFailed(s, status);
}

} // namespace tt
