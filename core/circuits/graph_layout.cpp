#include "core/circuits/graph_layout.h"

#include "core/circuits/graph_canvas.h"
#include "core/circuits/graph_text.h"
#include "core/circuits/layout_plan.h"
#include "core/progress.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include <gvc.h>

namespace tt {
namespace {

/// Graphviz's messages since a layout began. Its callback carries no data; only the Graphviz thread calls it.
std::string &messages() {
    static std::string text;
    return text;
}

int collectMessage(char *text) {
    messages() += text;
    return 0;
}

/// Graphviz takes char *, and copies.
char *plain(const std::string &text) {
    return const_cast<char *>(text.c_str());
}

void set(void *object, const char *name, const std::string &value) {
    agsafeset(object, plain(name), plain(value), plain(""));
}

/// Numbers are written with a point in every locale; 1 px = 1 point.
std::string inches(double pixels) {
    return fixedNumber(pixels / 72, 6);
}

/// Closes a graph and its layout on every way out.
class DotGraph {
public:
    explicit DotGraph(GVC_t *context) : context_(context), graph_(agopen(plain("graph"), Agdirected, nullptr)) {}
    ~DotGraph() {
        if (laidOut_)
            gvFreeLayout(context_, graph_);
        agclose(graph_);
    }
    DotGraph(const DotGraph &) = delete;
    DotGraph &operator=(const DotGraph &) = delete;

    void build(const DotPlan &plan);
    DotResult layout(const DotPlan &plan);

private:
    Agedge_t *addEdge(int from, int to, int weight, bool visible);

    GVC_t *context_;
    Agraph_t *graph_;
    std::vector<Agnode_t *> nodes_;
    std::vector<Agedge_t *> edges_;
    bool laidOut_ = false;
};

Agedge_t *DotGraph::addEdge(int from, int to, int weight, bool visible) {
    Agedge_t *edge = agedge(graph_, nodes_[static_cast<size_t>(from)], nodes_[static_cast<size_t>(to)], nullptr, 1);
    set(edge, "weight", std::to_string(weight));
    if (!visible)
        set(edge, "style", "invis");
    return edge;
}

/// Layout depends on the order of insertion, so everything is inserted rank by rank, in order.
void DotGraph::build(const DotPlan &plan) {
    for (const auto &[name, value] : {std::pair("rankdir", "BT"), std::pair("splines", "true"),
                                      std::pair("nodesep", "0.12"), std::pair("ranksep", "1.2")})
        agattr(graph_, AGRAPH, plain(name), plain(value));
    agattr(graph_, AGNODE, plain("label"), plain("")); // sizes are given, so no text plugin is needed
    agattr(graph_, AGNODE, plain("fixedsize"), plain("true"));
    agattr(graph_, AGEDGE, plain("dir"), plain("none"));
    nodes_.resize(plan.sizes.size());
    for (size_t r = 0; r < plan.ranks.size(); ++r) {
        if (plan.ranks[r].empty())
            continue;
        Agraph_t *rank = agsubg(graph_, plain("rank" + std::to_string(r)), 1);
        set(rank, "rank", "same");
        for (const int n : plan.ranks[r]) {
            const auto i = static_cast<size_t>(n);
            nodes_[i] = agnode(rank, plain("n" + std::to_string(n)), 1);
            set(nodes_[i], "shape", plan.shapes[i]);
            set(nodes_[i], "width", inches(plan.sizes[i].width));
            set(nodes_[i], "height", inches(plan.sizes[i].height));
        }
    }
    for (const std::vector<int> &rank : plan.ranks)
        for (size_t i = 1; i < rank.size(); ++i)
            addEdge(rank[i - 1], rank[i], 1, false);
    for (const DotEdge &edge : plan.edges)
        edges_.push_back(addEdge(edge.from, edge.to, edge.weight, edge.edge >= 0));
}

DotResult DotGraph::layout(const DotPlan &plan) {
    if (gvLayout(context_, graph_, "dot") != 0)
        throw Error("Graphviz could not lay out the graph: " + messages());
    laidOut_ = true;
    DotResult result;
    for (Agnode_t *node : nodes_)
        result.centres.push_back({ND_coord(node).x, ND_coord(node).y});
    result.splines.resize(plan.edges.size());
    for (size_t i = 0; i < edges_.size(); ++i) {
        const splines *drawn = ED_spl(edges_[i]);
        if (drawn == nullptr || drawn->size == 0)
            continue;
        const bezier &curve = drawn->list[0];
        for (int p = 0; p < static_cast<int>(curve.size); ++p)
            result.splines[i].push_back({curve.list[p].x, curve.list[p].y});
    }
    return result;
}

/// Owns Graphviz: it is not thread-safe, not even with a context per thread, so one thread of the process runs it, with
/// one context. A layout cannot be interrupted; a caller that stops leaves its job behind, and the result is dropped.
class GraphvizThread {
public:
    static GraphvizThread &instance() {
        static GraphvizThread thread;
        return thread;
    }

    /// Runs `work` with the context and waits for it.
    void run(std::function<void(GVC_t *)> work, const std::stop_token &stop) {
        const auto job = std::make_shared<Job>(Job{.work = std::move(work), .failure = {}});
        std::unique_lock lock(mutex_);
        queue_.push_back(job);
        changed_.notify_all();
        changed_.wait(lock, stop, [&] { return job->done; });
        if (!job->done) {
            job->wanted = false;
            throwIfStopped(stop);
        }
        if (job->failure)
            std::rethrow_exception(job->failure);
    }

private:
    struct Job {
        std::function<void(GVC_t *)> work;
        std::exception_ptr failure;
        bool done = false, wanted = true;
    };

    void work(const std::stop_token &stop) {
        agseterrf(collectMessage);
        const std::unique_ptr<GVC_t, int (*)(GVC_t *)> context(gvContext(), gvFreeContext);
        std::unique_lock lock(mutex_);
        while (changed_.wait(lock, stop, [&] { return !queue_.empty(); }) && !stop.stop_requested()) {
            const std::shared_ptr<Job> job = queue_.front();
            queue_.pop_front();
            if (!job->wanted)
                continue;
            lock.unlock();
            compute(context.get(), *job);
            lock.lock();
            job->done = true;
            changed_.notify_all();
        }
    }

    static void compute(GVC_t *context, Job &job) {
        try {
            messages().clear();
            if (context == nullptr)
                throw Error("Graphviz could not be started; check that its library and plugins are installed.");
            job.work(context);
        } catch (...) {
            job.failure = std::current_exception();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::shared_ptr<Job>> queue_;
    std::jthread thread_{[this](const std::stop_token &stop) { work(stop); }}; ///< last: it uses the others
};

} // namespace

GraphLayout layoutGraph(const AttributionGraph &graph, const std::vector<Size> &sizes, std::stop_token stop) {
    throwIfStopped(stop);
    const DotPlan plan = planLayout(graph, sizes);
    if (graph.nodes.empty())
        return finishLayout(graph, plan, {});
    // What a caller that stopped has left behind still writes here.
    const auto result = std::make_shared<DotResult>();
    GraphvizThread::instance().run(
        [plan, result](GVC_t *context) {
            DotGraph dot(context);
            dot.build(plan);
            *result = dot.layout(plan);
        },
        stop);
    return finishLayout(graph, plan, std::move(*result));
}

namespace {

/// An empty graph of a sheet's size whose background is the picture; positions are given, so nothing is laid out.
class Sheet {
public:
    Sheet(GVC_t *context, const std::string &operations, const Size &size, double dotsPerInch)
        : context_(context), graph_(agopen(plain("sheet"), Agdirected, nullptr)) {
        set(graph_, "_background", operations);
        for (const auto &[name, value] :
             {std::pair("pad", "0"), std::pair("margin", "0"), std::pair("bgcolor", "white")})
            set(graph_, name, value);
        set(graph_, "dpi", fixedNumber(dotsPerInch, 3));
        agattr(graph_, AGNODE, plain("label"), plain(""));
        const std::string far = fixedNumber(size.width, 2) + "," + fixedNumber(size.height, 2);
        for (const std::string &corner : {std::string("0,0"), far}) {
            Agnode_t *node = agnode(graph_, plain(corner), 1);
            for (const auto &[name, value] :
                 {std::pair("pos", corner.c_str()), std::pair("style", "invis"), std::pair("shape", "point"),
                  std::pair("width", "0"), std::pair("height", "0"), std::pair("fixedsize", "true")})
                set(node, name, value);
        }
    }
    ~Sheet() {
        if (laidOut_)
            gvFreeLayout(context_, graph_);
        agclose(graph_);
    }
    Sheet(const Sheet &) = delete;
    Sheet &operator=(const Sheet &) = delete;

    std::string render(const std::string &format) {
        char *data = nullptr;
        unsigned int length = 0;
        laidOut_ = gvLayout(context_, graph_, "nop2") == 0;
        if (!laidOut_ || gvRenderData(context_, graph_, format.c_str(), &data, &length) != 0 || data == nullptr)
            throw Error("Graphviz could not draw the graph as " + format + ": " +
                        (messages().empty() ? "its cairo plugin is missing. Write .svg instead." : messages()));
        std::string bytes(data, length);
        gvFreeRenderData(data);
        return bytes;
    }

private:
    GVC_t *context_;
    Agraph_t *graph_;
    bool laidOut_ = false;
};

/// A PDF says when it was made; the same graph shall give the same file.
void forgetTime(std::string &pdf) {
    constexpr std::string_view key = "/CreationDate (D:";
    if (const size_t at = pdf.find(key); at != std::string::npos)
        for (size_t i = at + key.size(), digit = 0; i < pdf.size() && pdf[i] >= '0' && pdf[i] <= '9'; ++i, ++digit)
            pdf[i] = "20000101000000"[std::min<size_t>(digit, 13)];
}

} // namespace

std::string renderXdot(const std::string &operations, const Size &sheet, const std::string &format, double scale) {
    std::string bytes;
    GraphvizThread::instance().run(
        [&](GVC_t *context) {
            bytes = Sheet(context, operations, sheet, format == "png" ? 72 * scale : 72).render(format);
        },
        {});
    if (format == "pdf")
        forgetTime(bytes);
    return bytes;
}

} // namespace tt
