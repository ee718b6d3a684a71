package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"canhgiac/ivr"
)

// menuUploadData is why a file was not taken.
type menuUploadData struct {
	Why      string         // a key of the catalogs
	File     *ivr.FileError // where it cannot be read
	Findings []menuFinding  // what is wrong with what was read
}

// menuUpload makes a draft of a file, which whoever knows such files wrote by hand.
func (c *Console) menuUpload(w http.ResponseWriter, r *http.Request) error {
	src, err := uploadedMenu(r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || len(src) > ivr.FileLimit:
		return c.menuListed(w, r, http.StatusRequestEntityTooLarge, "", menuUploadData{Why: "menu.upload.large"})
	case err != nil:
		return err
	case len(src) == 0:
		return c.menuListed(w, r, http.StatusUnprocessableEntity, "", menuUploadData{Why: "menu.upload.none"})
	}
	id, err := c.Calls.Menus().Upload(r.Context(), src, menuUser(r))
	var file *ivr.FileError
	var found ivr.Findings
	switch {
	case errors.As(err, &file):
		return c.menuListed(w, r, http.StatusUnprocessableEntity, "", menuUploadData{File: file})
	case errors.As(err, &found):
		return c.menuListed(w, r, http.StatusUnprocessableEntity, "", menuUploadData{Findings: menuFindings(0, nil, found)})
	case errors.Is(err, ivr.ErrOpen):
		return c.menuListed(w, r, http.StatusConflict, "menu.refused.open", menuUploadData{})
	case err != nil:
		return err
	}
	return c.done(w, r, "menu.did.upload", fmt.Sprintf("/menu/%d", id))
}

// uploadedMenu is the form's file; nothing of it lies in a temporary one.
func uploadedMenu(r *http.Request) ([]byte, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, errBadForm
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FormName() == "file" {
			return io.ReadAll(part)
		}
	}
}
