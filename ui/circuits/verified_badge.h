#pragma once

#include "core/circuits/verify.h"

#include <QAbstractButton>
#include <QString>

#include <optional>

namespace tt {

/// "Verified" on green, "Not verified" on red, or "Not checked yet": never by colour alone. A click opens what was
/// found.
class VerifiedBadge : public QAbstractButton {
    Q_OBJECT
public:
    explicit VerifiedBadge(QWidget *parent = nullptr);
    void setVerification(const std::optional<Verification> &verification);
    /// "100 effects, largest error 3e-6", or what differs and by how much.
    [[nodiscard]] QString sentence() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    [[nodiscard]] QString words() const;
    std::optional<Verification> verification_;
};

} // namespace tt
