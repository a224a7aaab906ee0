#include "ui/data/token_preview_accessible.h"

#include "ui/data/token_preview.h"
#include "ui/figures/words.h"

#include <QAccessibleWidget>
#include <QPointer>

#include <map>

namespace tt {
namespace {

/// A token, which is no object of its own.
class TokenAccessible : public QAccessibleInterface {
public:
    TokenAccessible(TokenPreview *preview, int token) : preview_(preview), token_(token) {}

    [[nodiscard]] bool isValid() const override { return preview_ && token_ < preview_->count(); }
    [[nodiscard]] QObject *object() const override { return nullptr; }
    [[nodiscard]] QAccessibleInterface *childAt(int, int) const override { return nullptr; }
    [[nodiscard]] QAccessibleInterface *parent() const override {
        return QAccessible::queryAccessibleInterface(preview_);
    }
    [[nodiscard]] QAccessibleInterface *child(int) const override { return nullptr; }
    [[nodiscard]] int childCount() const override { return 0; }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface *) const override { return -1; }
    [[nodiscard]] QAccessible::Role role() const override { return QAccessible::ListItem; }
    void setText(QAccessible::Text, const QString &) override {}
    [[nodiscard]] int token() const { return token_; }

    [[nodiscard]] QString text(QAccessible::Text kind) const override {
        if (!isValid())
            return {};
        if (kind == QAccessible::Name)
            return preview_->tokenName(token_);
        if (kind == QAccessible::Description)
            return TokenPreview::tr("token %1").arg(tt::count(preview_->preview().ids[static_cast<size_t>(token_)]));
        return {};
    }
    [[nodiscard]] QRect rect() const override {
        if (!isValid())
            return {};
        const QRect box = preview_->tokenRect(token_);
        return {preview_->viewport()->mapToGlobal(box.topLeft()), box.size()};
    }
    [[nodiscard]] QAccessible::State state() const override {
        QAccessible::State state;
        state.selectable = true;
        state.selected = isValid() && preview_->chosen() == token_;
        state.offscreen = isValid() && !preview_->viewport()->rect().intersects(preview_->tokenRect(token_));
        return state;
    }

private:
    QPointer<TokenPreview> preview_;
    int token_;
};

class TokenPreviewAccessible : public QAccessibleWidget {
public:
    explicit TokenPreviewAccessible(TokenPreview *preview) : QAccessibleWidget(preview, QAccessible::List) {}
    ~TokenPreviewAccessible() override { forget(); }
    TokenPreviewAccessible(const TokenPreviewAccessible &) = delete;
    TokenPreviewAccessible &operator=(const TokenPreviewAccessible &) = delete;

    [[nodiscard]] int childCount() const override { return preview()->count(); }
    [[nodiscard]] QAccessibleInterface *child(int index) const override {
        if (index < 0 || index >= childCount())
            return nullptr;
        const auto known = children_.find(index);
        if (known != children_.end())
            return QAccessible::accessibleInterface(known->second);
        auto *made = new TokenAccessible(preview(), index);
        children_[index] = QAccessible::registerAccessibleInterface(made);
        return made;
    }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface *child) const override {
        const auto *token = dynamic_cast<const TokenAccessible *>(child);
        return token ? token->token() : -1;
    }
    [[nodiscard]] QAccessibleInterface *childAt(int x, int y) const override {
        return child(preview()->tokenAt(preview()->viewport()->mapFromGlobal(QPoint(x, y))));
    }
    void forget() const {
        for (const auto &[index, id] : children_)
            QAccessible::deleteAccessibleInterface(id);
        children_.clear();
    }

private:
    [[nodiscard]] TokenPreview *preview() const { return static_cast<TokenPreview *>(widget()); }
    mutable std::map<int, QAccessible::Id> children_;
};

QAccessibleInterface *make(const QString &className, QObject *object) {
    auto *preview = className == QLatin1String("tt::TokenPreview") ? qobject_cast<TokenPreview *>(object) : nullptr;
    return preview ? new TokenPreviewAccessible(preview) : nullptr;
}

TokenPreviewAccessible *accessibleOf(TokenPreview *preview) {
    return dynamic_cast<TokenPreviewAccessible *>(QAccessible::queryAccessibleInterface(preview));
}

} // namespace

void installTokenPreviewAccessible() {
    [[maybe_unused]] static const bool installed = (QAccessible::installFactory(make), true);
}

void forgetTokenAccessibles(TokenPreview *preview) {
    if (!QAccessible::isActive())
        return;
    if (const TokenPreviewAccessible *accessible = accessibleOf(preview))
        accessible->forget();
    QAccessibleEvent event(preview, QAccessible::ObjectReorder);
    QAccessible::updateAccessibility(&event);
}

void announceToken(TokenPreview *preview, int token) {
    if (!QAccessible::isActive())
        return;
    QAccessibleEvent event(preview, QAccessible::Focus);
    event.setChild(token);
    QAccessible::updateAccessibility(&event);
}

} // namespace tt
