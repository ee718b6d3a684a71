package residents

// What the ward's staff read about a list; %s and %d as fmt takes them.
const (
	wordTooBig      = "Tệp lớn hơn %d MB. Xin chia danh sách thành nhiều tệp."
	wordNoWard      = "Hệ thống chưa có phường nào. Xin nạp đơn vị hành chính trước (canhgiac migrate --sample)."
	wordOtherWard   = "Hệ thống không có phường %q."
	wordEmpty       = "Tệp không có dòng nào."
	wordUTF16       = "Tệp lưu theo bảng mã UTF-16 (Excel gọi là \"Unicode Text\"). Xin lưu lại: Lưu thành > CSV UTF-8."
	wordBinary      = "Tệp không phải là CSV hay .xlsx."
	wordOldExcel    = "Tệp là Excel đời cũ (.xls), hoặc .xlsx có đặt mật khẩu. Xin mở bằng Excel và lưu thành .xlsx không mật khẩu, hoặc CSV UTF-8."
	wordNotUTF8     = "Dòng %d không phải chữ UTF-8: tệp có thể viết bằng TCVN3 (ABC), VNI hoặc Windows-1258. Xin chuyển sang Unicode rồi lưu: Lưu thành > CSV UTF-8."
	wordLegacyFont  = "Chữ trong tệp viết bằng bảng mã cũ %s. Xin chuyển sang Unicode (ví dụ bằng Unikey: Ctrl+Shift+F6) rồi lưu lại."
	wordBadExcel    = "Không đọc được tệp Excel này: tệp hỏng hoặc quá lớn."
	wordUnfolds     = "Tệp Excel này bung ra hơn %d MB, lớn hơn mọi danh sách của phường. Xin xóa các ô, hình và trang tính thừa rồi lưu lại."
	wordManyRows    = "Bảng tính có hơn %d dòng. Xin xóa các dòng trống ở cuối, hoặc chia tệp."
	wordQuotes      = "Quá nhiều dòng có dấu nháy kép không khớp (từ dòng %d). Xin lưu lại tệp từ Excel: Lưu thành > CSV UTF-8."
	wordNoHeader    = "Không thấy dòng tiêu đề. Tệp cần có các cột: %s."
	wordNoColumn    = "Thiếu cột %s ở dòng tiêu đề (dòng %d)."
	wordOddColumn   = "Không hiểu cột %q ở dòng tiêu đề (dòng %d). Các cột được nhận: %s."
	wordBlankColumn = "Cột thứ %d không có tên ở dòng tiêu đề (dòng %d) nhưng có dữ liệu."
	wordTwiceColumn = "Cột %q xuất hiện hai lần ở dòng tiêu đề (dòng %d)."

	wordListOlder   = "Danh sách không quảng cáo này ghi ngày %s, cũ hơn danh sách đang dùng (ngày %s). Xin kiểm tra lại ngày hoặc tải danh sách mới."
	wordListEmpty   = "Tệp không có số điện thoại nào. Mỗi dòng cần bắt đầu bằng một số điện thoại."
	wordListShrinks = "Danh sách mới bỏ đi %d trong %d số đang có: tệp có thể bị thiếu. Nếu đúng là danh sách đầy đủ, xin chạy lại với --shrink."
	wordListNoText  = "Tệp không phải là CSV hay văn bản. Xin lưu lại: Lưu thành > CSV UTF-8."
	wordListRow     = "Dòng không bắt đầu bằng một số điện thoại đúng."

	wordRejectRow    = "Dòng"
	wordRejectReason = "Lý do"
)

// Keys of rejected rows, as the command counts them.
const (
	rejectColumnCount  = "column_count"
	rejectMalformed    = "malformed"
	rejectNameMissing  = "name_missing"
	rejectPhoneMissing = "phone_missing"
	rejectPhoneInvalid = "phone_invalid"
	rejectUnitUnknown  = "unit_unknown"
	rejectUnitOutside  = "unit_outside"
	rejectBirthYear    = "birth_year_invalid"
)

const (
	reasonColumnCount  = "Dòng có %d cột, tiêu đề có %d cột."
	reasonMalformed    = "Dấu nháy kép không khớp, không tách được các cột."
	reasonNameMissing  = "Thiếu họ và tên."
	reasonNameLong     = "Họ và tên dài quá %d chữ."
	reasonPhoneMissing = "Thiếu số điện thoại."
	reasonPhoneInvalid = "Số điện thoại %q không đúng."
	reasonPhoneExcel   = "Số điện thoại %q bị Excel đổi thành dạng rút gọn. Xin định dạng cột là Văn bản rồi nhập lại số."
	reasonPhoneForeign = "Số điện thoại %q là số nước ngoài, hệ thống không gửi tin ra nước ngoài."
	reasonUnitMissing  = "Thiếu tổ dân phố."
	reasonUnitUnknown  = "Không có tổ dân phố %q trong phường."
	reasonUnitOutside  = "Tổ dân phố này không thuộc phạm vi ông bà phụ trách."
	reasonLivesOutside = "Người này đang ở tổ dân phố ngoài phạm vi ông bà phụ trách."
	reasonBirthYear    = "Năm sinh %q không đúng: cần từ 1900 đến %d."
)

// columnNames are the headers as the ward writes them, in the order of its lists.
var columnNames = [columnCount]string{
	columnSerial: "STT", columnName: "Họ và tên", columnBirthYear: "Năm sinh", columnGender: "Giới tính", columnPhone: "Số điện thoại",
	columnGroup: "Tổ dân phố", columnAddress: "Địa chỉ", columnConsent: "Đồng ý nhận tin", columnChannel: "Kênh", columnNote: "Ghi chú",
}
